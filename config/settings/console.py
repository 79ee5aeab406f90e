"""How the console looks. Dotted paths are called by Unfold with the request."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Zerosum",
    "SITE_HEADER": "Zerosum",
    "SITE_URL": None,
    "SITE_SYMBOL": "balance",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "config.navigation.favicon"}
    ],
    "ENVIRONMENT": "config.navigation.time_zone",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "config.dashboard.dashboard",
    "STYLES": ["config.navigation.stylesheet"],
    "SCRIPTS": ["config.navigation.script"],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(50.5% .2 262.881)",
            "700": "oklch(45.8% .19 264.376)",
            "800": "oklch(40.4% .17 265.638)",
            "900": "oklch(35.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "ACCOUNT": {"navigation": "config.navigation.account_links"},
    "COMMAND": {"search_callback": "config.navigation.find_by_id", "search_models": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "config.navigation.sidebar",
    },
}

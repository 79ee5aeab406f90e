"""How the console's pages are ordered: read by Unfold through the UNFOLD setting."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from unfold.dataclasses import SearchResult

from audit.admin import links
from audit.ids import PREFIXES


class Item(NamedTuple):
    title: str
    icon: str
    model: str


MENU: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "Money in",
        (
            Item("Payments", "payments", "payments.payment"),
            Item("Orders", "receipt_long", "payments.order"),
            Item("Refunds", "undo", "payments.refund"),
            Item("Attempts", "swap_horiz", "payments.attempt"),
            Item("Captures", "download_done", "payments.capture"),
            Item("Callbacks", "call_received", "payments.callbackreceipt"),
            Item("Suspense", "help", "payments.suspenseitem"),
        ),
    ),
    (
        "Books",
        (
            Item("Accounts", "account_balance", "ledger.account"),
            Item("Journals", "menu_book", "ledger.journal"),
        ),
    ),
    (
        "Reconciliation",
        (
            Item("Tickets", "assignment_late", "reconciliation.ticket"),
            Item("Runs", "rule", "reconciliation.run"),
            Item("Statements", "description", "reconciliation.statementfile"),
            Item("Statement lines", "list_alt", "reconciliation.statementline"),
            Item("Settlements", "handshake", "reconciliation.settlement"),
        ),
    ),
    (
        "Merchants",
        (
            Item("Merchants", "storefront", "merchants.merchant"),
            Item("Fees", "percent", "merchants.feeplan"),
            Item("API keys", "key", "merchants.apikey"),
            Item("Events", "campaign", "merchants.event"),
            Item("Webhook endpoints", "webhook", "merchants.webhookendpoint"),
            Item("Webhook deliveries", "outbox", "merchants.webhookdelivery"),
            Item("Idempotency", "repeat_one", "merchants.idempotencyrecord"),
        ),
    ),
    (
        "Platform",
        (
            Item("Channel accounts", "cable", "payments.channelaccount"),
            Item("Schedule", "schedule", "django_celery_beat.periodictask"),
            Item("Operators", "badge", "audit.operator"),
            Item("Roles", "admin_panel_settings", "auth.group"),
            Item("Audit records", "fact_check", "audit.record"),
            Item("Row changes", "difference", "auditlog.logentry"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu, with what this operator may open."""
    today = {"title": "Today", "icon": "dashboard", "link": reverse("admin:index")}
    groups = [(title, [_entry(i) for i in items if _may(request, i)]) for title, items in MENU]
    return [{"title": "", "items": [today]}] + [
        {"title": title, "items": items, "separator": False} for title, items in groups if items
    ]


def account_links(_request: HttpRequest) -> list[dict[str, str]]:
    return [
        {"title": "Second factor", "link": reverse("mfa_index")},
        {"title": "Change password", "link": reverse("account_change_password")},
    ]


def find_by_id(request: HttpRequest, term: str) -> list[SearchResult]:
    """A public id pasted into the search box leads to its page."""
    prefix, _, rest = term.strip().partition("_")
    public_id = f"{prefix.lower()}_{rest.upper()}"
    with links.viewing(request.user):
        url = links.url_of(public_id) if rest else ""
    if not url:
        return []
    return [
        SearchResult(title=public_id, description=PREFIXES[prefix.lower()], link=url, icon="tag")
    ]


def time_zone(_request: HttpRequest) -> list[str]:
    """What every time on every page means."""
    return ["All times UTC", "default"]


def stylesheet(_request: HttpRequest) -> str:
    return static("console/console.css")


def script(_request: HttpRequest) -> str:
    return static("console/console.js")


def favicon(_request: HttpRequest) -> str:
    return static("console/favicon.svg")


def _entry(item: Item) -> dict[str, str]:
    name = item.model.replace(".", "_")
    return {"title": item.title, "icon": item.icon, "link": reverse(f"admin:{name}_changelist")}


def _may(request: HttpRequest, item: Item) -> bool:
    app, model = item.model.split(".")
    return request.user.has_perm(f"{app}.view_{model}")

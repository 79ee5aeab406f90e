"""Who takes part: three shops, and the people who sign in to the console."""

from collections.abc import Mapping
from dataclasses import dataclass

CHANNEL = "sandbox"
MODE = "test"
CHANNEL_TITLE = "Sandbox bank"
# What the channel's contract charges, and how long we wait for its answers. Real channels get ten
# seconds; the demo's day is short.
CHANNEL_FEE_BPS = 60
CHANNEL_TIMEOUT_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a shop's goods cost in one currency, and what it pays us for collecting the money.

    All in the currency's minor unit. `share` is how many of a hundred customers pay in it.
    """

    share: int
    cheapest: int
    dearest: int
    step: int
    percent_bps: int
    fixed_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    slug: str
    name: str
    algorithm: str
    tariffs: Mapping[str, Tariff]


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    name: str
    role: str


SHOPS = (
    Shop(
        slug="skylark-tea",
        name="Skylark Tea, Hangzhou",
        algorithm="ed25519",
        tariffs={
            "CNY": Tariff(
                share=85, cheapest=2_800, dearest=68_000, step=100, percent_bps=120, fixed_minor=10
            ),
            "JPY": Tariff(
                share=15, cheapest=1_200, dearest=18_000, step=100, percent_bps=180, fixed_minor=15
            ),
        },
    ),
    Shop(
        slug="kitsune-paper",
        name="Kitsune Paper & Ink, Kyoto",
        algorithm="ecdsa-p256-sha256",
        tariffs={
            "JPY": Tariff(
                share=100, cheapest=480, dearest=24_000, step=10, percent_bps=140, fixed_minor=10
            ),
        },
    ),
    Shop(
        slug="dana-perfumes",
        name="Dana Perfumes, Kuwait City",
        algorithm="rsa-pss-sha512",
        tariffs={
            "KWD": Tariff(
                share=85, cheapest=2_500, dearest=95_000, step=250, percent_bps=210, fixed_minor=50
            ),
            "CNY": Tariff(
                share=15, cheapest=9_900, dearest=99_900, step=100, percent_bps=180, fixed_minor=20
            ),
        },
    ),
)

PEOPLE = (
    Person("grace", "Grace Okafor", "administrator"),
    Person("mei", "Mei Tanaka", "finance_maker"),
    Person("felix", "Felix Brandt", "finance_checker"),
    Person("ren", "Ren Alvarez", "reconciler"),
    Person("amira", "Amira Haddad", "merchant_manager"),
    Person("sam", "Sam Kowalski", "support"),
    Person("vera", "Vera Lindqvist", "viewer"),
)


def shop(slug: str) -> Shop:
    return next(one for one in SHOPS if one.slug == slug)

"""Minor units inside, decimal strings on the wire of the channels that speak so. Never a float."""

import re
from decimal import Decimal
from functools import cache

from iso4217 import Currency

PLAIN_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,13})(?:\.([0-9]{1,4}))?", re.ASCII)


class AmountUnreadable(ValueError):
    """Not a plain decimal with exactly the currency's digits, or not a currency that money is kept in."""


@cache
def digits(currency: str) -> int:
    """ISO 4217's digits after the point: CNY 2, JPY 0, KWD 3."""
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise AmountUnreadable(f"{currency!r} is not a currency with minor units")
    return int(exponent)


def to_major(amount_minor: int, currency: str) -> str:
    """1000 is "10.00" in CNY, "1000" in JPY, "1.000" in KWD."""
    if amount_minor < 0:
        raise AmountUnreadable(f"{amount_minor} is negative")
    return f"{Decimal(amount_minor).scaleb(-digits(currency)):f}"


def to_minor(amount: object, currency: str) -> int:
    """The inverse of to_major, as strict as it: "10.0" is not CNY, "10.00" is not JPY, 10.0 is nothing."""
    plain = PLAIN_DECIMAL.fullmatch(amount) if isinstance(amount, str) else None
    if plain is None or len(plain[2] or "") != digits(currency):
        raise AmountUnreadable(f"{amount!r} is not an amount in {currency}")
    return int(Decimal(plain[0]).scaleb(digits(currency)))

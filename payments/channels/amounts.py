"""Minor units inside, decimal strings on the wire of the channels that speak so. Never a float."""

from ledger.money import AmountUnreadable, Money, parse_major

__all__ = ["AmountUnreadable", "to_major", "to_minor"]


def to_major(amount_minor: int, currency: str) -> str:
    """1000 is "10.00" in CNY, "1000" in JPY, "1.000" in KWD. Raises ValueError."""
    if amount_minor < 0:
        raise AmountUnreadable(f"{amount_minor} is negative")
    return Money(amount_minor, currency).major()


def to_minor(amount: object, currency: str) -> int:
    """The inverse of to_major, as strict as it: "10.0" is not CNY, "10.00" is not JPY, 10.0 is nothing.

    Raises AmountUnreadable, also for what is no currency.
    """
    try:
        money = parse_major(amount, currency) if isinstance(amount, str) else None
    except ValueError as error:
        raise AmountUnreadable(str(error)) from error
    if money is None or money.major() != amount or money.amount_minor < 0:
        raise AmountUnreadable(f"{amount!r} is not an amount in {currency}")
    return money.amount_minor

"""Money: whole minor units of an ISO 4217 currency. Nothing here ever sees a float."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

import iso4217
from babel.numbers import format_currency

# PostgreSQL's bigint, less its odd last negative number, so that every amount has an opposite.
MAX_MINOR = 2**63 - 1
BPS = 10_000
MAJOR = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,30})(?:\.(?P<fraction>[0-9]{1,30}))?", re.ASCII)
# Exact for every bigint: the default context would round at 28 digits once a scale is added.
EXACT = Context(prec=60)

# ISO's list one: historic codes are not in it; metals, test codes and XXX have no minor unit.
DIGITS: dict[str, int] = {
    code: int(str(entry["CcyMnrUnts"]))
    for code, entry in iso4217.raw_table.items()
    if code and str(entry["CcyMnrUnts"]).isdigit()
}


class CurrencyUnsupported(ValueError):
    """Not the upper-case code of a current ISO 4217 currency that has a minor unit."""


class CurrencyMismatch(ValueError):
    """Two currencies in one sum or comparison."""


class AmountTooLarge(ValueError):
    """The amount does not fit 63 bits of minor units."""


class AmountUnreadable(ValueError):
    """The text is not a plain decimal, or has a fraction that the currency does not know."""


class AllocationImpossible(ValueError):
    """No parts, a negative part, or nothing but zeros to allocate by."""


@dataclass(frozen=True, slots=True)
class Money:
    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        checked_amount(self.amount_minor)
        digits(self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.major()}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount_minor >= self._same(other)

    def allocate(self, parts: Sequence[int]) -> list["Money"]:
        """Splits by the ratio of the parts; the shares add up to the whole, to the last unit.

        Units that the division leaves over go to the largest remainders, the first part first.
        """
        whole = sum(parts)
        if whole <= 0 or min(parts) < 0:
            raise AllocationImpossible(f"cannot allocate by {list(parts)!r}")
        sign = -1 if self.amount_minor < 0 else 1
        floors, remainders = zip(
            *(divmod(abs(self.amount_minor) * part, whole) for part in parts), strict=True
        )
        left_over = abs(self.amount_minor) - sum(floors)
        favoured = sorted(range(len(parts)), key=lambda i: -remainders[i])[:left_over]
        return [
            Money(sign * (floor + (i in favoured)), self.currency) for i, floor in enumerate(floors)
        ]

    def share_bps(self, bps: int) -> "Money":
        """So many hundredths of a percent of this; half a unit goes to the even neighbour."""
        share, rest = divmod(self.amount_minor * bps, BPS)
        round_up = 2 * rest > BPS or (2 * rest == BPS and share % 2 == 1)
        return Money(share + round_up, self.currency)

    def major(self) -> str:
        """The amount in major units as a plain decimal: "12.34", "1234" for JPY, "0.001" for KWD."""
        return f"{_major(self.amount_minor, self.currency):f}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount_minor


def digits(currency: str) -> int:
    """How many decimals ISO 4217 gives the currency; Babel's figures differ (IQD, LAK, MGA, AFN)."""
    try:
        return DIGITS[currency]
    except (KeyError, TypeError):
        raise CurrencyUnsupported(f"{currency!r} is no currency that we keep books in") from None


def checked_amount(amount_minor: int) -> int:
    """The amount itself, if it is a whole number that the database can hold."""
    # bool is an int to Python, never to a bookkeeper.
    if type(amount_minor) is not int:
        raise TypeError(f"an amount is an int of minor units, not {amount_minor!r}")
    if abs(amount_minor) > MAX_MINOR:
        raise AmountTooLarge(f"{amount_minor} minor units do not fit 63 bits")
    return amount_minor


def parse_major(text: str, currency: str) -> Money:
    """Reads "12.34" exactly. Refuses what it would have to round or guess at: "12.345" CNY,
    "1,234.50", "+5", " 5", "1e3", digits that are not ASCII."""
    scale = digits(currency)
    match = MAJOR.fullmatch(text)
    if match is None:
        raise AmountUnreadable(f"{text[:40]!r} is not a plain decimal amount")
    fraction = match["fraction"] or ""
    if fraction[scale:].strip("0"):
        raise AmountUnreadable(f"{text!r} is finer than {currency}'s {scale} decimals")
    minor = int(match["whole"] + fraction[:scale].ljust(scale, "0"))
    return Money(-minor if match["sign"] else minor, currency)


def format_minor(amount_minor: int, currency: str, *, locale: str = "en") -> str:
    """For people: "CNY 1,234.50", with the locale's separators and ISO's decimals."""
    scale = digits(currency)
    number = "#,##0" + ("." + "0" * scale if scale else "")
    return format_currency(
        _major(amount_minor, currency),
        currency,
        format=f"¤¤\N{NO-BREAK SPACE}{number};¤¤\N{NO-BREAK SPACE}-{number}",
        locale=locale,
        currency_digits=False,
    )


def _major(amount_minor: int, currency: str) -> Decimal:
    return Decimal(amount_minor).scaleb(-digits(currency), context=EXACT)

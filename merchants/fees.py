"""What a merchant pays on an amount collected."""

from dataclasses import dataclass

from ledger.money import Money


@dataclass(frozen=True, slots=True)
class Terms:
    percent_bps: int
    fixed_minor: int


FREE = Terms(percent_bps=0, fixed_minor=0)


def fee(amount: Money, terms: Terms) -> int:
    """The percentage, rounded half to even, plus the fixed part; never more than the amount itself."""
    share = amount.share_bps(terms.percent_bps).amount_minor
    return min(share + terms.fixed_minor, amount.amount_minor)

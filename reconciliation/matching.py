"""Statement lines against bookings, as values: who belongs to whom, and what differs.

Every line ends in exactly one verdict, every booking in at most one with a line; a booking that no line
speaks of gets a verdict of its own.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.money import Money
from payments.channels.base import PaymentState, RefundState, ReportKind, StatementRow
from reconciliation.states import DiscrepancyKind

if TYPE_CHECKING:
    from payments.selectors.bookings import Booking

MONEY_MOVED = frozenset({PaymentState.SUCCEEDED, RefundState.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class Contract:
    """What the channel may keep of a payment; a refund costs nothing."""

    fee_bps: int
    fee_fixed_minor: int

    def fee_minor(self, line: StatementRow) -> int:
        if line.kind is not ReportKind.PAYMENT:
            return 0
        share = Money(line.amount_minor, line.currency).share_bps(self.fee_bps).amount_minor
        return min(share + self.fee_fixed_minor, line.amount_minor)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` None: the two sides agree."""

    line: StatementRow | None
    booking: "Booking | None"
    kind: DiscrepancyKind | None
    at_stake_minor: int

    @property
    def about(self) -> "StatementRow | Booking":
        """Whichever side there is, the channel's first."""
        side = self.line or self.booking
        if side is None:
            raise ValueError("a verdict is about a line, a booking or both")
        return side

    @property
    def money_fits(self) -> bool:
        """The channel pays for what we booked; a fee that differs is another matter."""
        return (
            self.kind in (None, DiscrepancyKind.FEE_MISMATCH)
            and self.booking is not None
            and self.booking.done
        )

    @property
    def may_heal(self) -> bool:
        """The channel says that money moved, and we have only tried."""
        return (
            self.kind is DiscrepancyKind.STATE_MISMATCH
            and self.booking is not None
            and not self.booking.done
        )

    @property
    def is_unknown_money(self) -> bool:
        """The channel took money that we know nothing of."""
        return (
            self.kind is DiscrepancyKind.MISSING_HERE
            and self.line is not None
            and self.line.kind is ReportKind.PAYMENT
            and self.line.state in MONEY_MOVED
        )


def match(
    lines: Iterable[StatementRow],
    bookings: Iterable["Booking"],
    *,
    contract: Contract,
    taken: Collection[str] = frozenset(),
) -> list[Verdict]:
    """Verdicts on lines in their order, then on the bookings that no line speaks of.

    A booking that says that money moved is in exactly one verdict, a mere try in one at most. `taken`
    names facts that a line outside of `lines` pays for: they take no second one.
    """
    lines = sorted(lines, key=lambda line: line.line_number)
    bookings = sorted(bookings, key=lambda booking: booking.fact)
    free = [booking for booking in bookings if booking.fact not in taken]
    pairs = _pairs(lines, free)
    seen = {(booking.kind, booking.channel_id) for booking in bookings if booking.done}
    seen |= {(line.kind, line.channel_id) for line in lines if line.line_number in pairs}
    verdicts = []
    for line in lines:
        booking = pairs.get(line.line_number)
        if booking is not None:
            verdicts.append(_compared(line, booking, contract))
            continue
        again = (line.kind, line.channel_id) in seen
        kind = DiscrepancyKind.DUPLICATE_LINE if again else DiscrepancyKind.MISSING_HERE
        verdicts.append(Verdict(line, None, kind, line.amount_minor))
        seen.add((line.kind, line.channel_id))
    spoken_of = {booking.fact for booking in pairs.values()}
    return verdicts + [
        Verdict(None, booking, DiscrepancyKind.MISSING_AT_CHANNEL, booking.amount_minor)
        for booking in free
        if booking.done and booking.fact not in spoken_of
    ]


def _pairs(lines: Sequence[StatementRow], bookings: Sequence["Booking"]) -> dict[int, "Booking"]:
    """Line number -> booking, the surest pairs first, so that a doubtful line takes nobody's place."""
    candidates: defaultdict[tuple[ReportKind, str, bool], list[Booking]] = defaultdict(list)
    for booking in bookings:
        key = booking.channel_id if booking.in_suspense else booking.reference
        candidates[booking.kind, key, booking.in_suspense].append(booking)
    pairs: dict[int, Booking] = {}
    spoken_of: set[str] = set()
    for is_sure in SURENESS:
        for line in lines:
            if line.line_number in pairs:
                continue
            for booking in (
                *candidates[line.kind, line.channel_id, True],
                *candidates[line.kind, line.reference, False],
            ):
                if booking.fact not in spoken_of and is_sure(line, booking):
                    pairs[line.line_number] = booking
                    spoken_of.add(booking.fact)
                    break
    return pairs


def _same_charge(line: StatementRow, booking: "Booking") -> bool:
    return booking.done and booking.channel_id == line.channel_id


def _same_money(line: StatementRow, booking: "Booking") -> bool:
    return (booking.amount_minor, booking.currency) == (line.amount_minor, line.currency)


SURENESS: tuple[Callable[[StatementRow, "Booking"], bool], ...] = (
    lambda line, booking: _same_charge(line, booking) and _same_money(line, booking),
    _same_charge,
    lambda _line, booking: booking.done,
    lambda _line, _booking: True,
)


def _compared(line: StatementRow, booking: "Booking", contract: Contract) -> Verdict:
    if booking.done != (line.state in MONEY_MOVED):
        return Verdict(line, booking, DiscrepancyKind.STATE_MISMATCH, line.amount_minor)
    if not booking.done:
        return Verdict(line, booking, None, 0)
    if line.currency != booking.currency:
        return Verdict(line, booking, DiscrepancyKind.CURRENCY_MISMATCH, line.amount_minor)
    if line.amount_minor != booking.amount_minor:
        difference = abs(line.amount_minor - booking.amount_minor)
        return Verdict(line, booking, DiscrepancyKind.AMOUNT_MISMATCH, difference)
    if line.fee_minor != contract.fee_minor(line):
        difference = abs(line.fee_minor - contract.fee_minor(line))
        return Verdict(line, booking, DiscrepancyKind.FEE_MISMATCH, difference)
    return Verdict(line, booking, None, 0)

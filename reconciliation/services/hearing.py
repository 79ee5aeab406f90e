"""One comparison at work, and what both sides say about some of its lines."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from audit.actor import Actor
from payments.channels.base import PaymentState, RefundState, ReportKind, StatementRow
from payments.selectors import bookings
from reconciliation import matching
from reconciliation.drafts import Difference
from reconciliation.matching import Contract, Verdict
from reconciliation.models import Run, StatementFile, StatementLine
from reconciliation.services import evidence
from reconciliation.states import LineState

if TYPE_CHECKING:
    from payments.models import ChannelAccount


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """`run` makes the run's row, the first time that there is something to write about."""

    file: StatementFile
    run: Callable[[], Run]
    by: Actor
    now: datetime

    @property
    def account(self) -> "ChannelAccount":
        return self.file.channel_account

    @property
    def contract(self) -> Contract:
        return Contract(self.account.fee_bps, self.account.fee_fixed_minor)

    def verdicts(self, lines: Sequence[StatementLine]) -> list[tuple[StatementLine, Verdict]]:
        """What matching says today about these lines, in their order."""
        booked = bookings.named(
            channel_account=self.account,
            references={line.reference for line in lines},
            channel_ids={line.channel_id for line in lines},
        )
        found = matching.match(
            [row(line) for line in lines],
            booked,
            contract=self.contract,
            taken=self._taken([booking.fact for booking in booked]),
        )
        by_number = {line.line_number: line for line in lines}
        return [(by_number[one.line.line_number], one) for one in found if one.line]

    def difference(
        self, verdict: Verdict, *, occurrence: int = 1, suspense_item: str = ""
    ) -> Difference:
        return evidence.of_verdict(
            verdict,
            file=self.file,
            contract=self.contract,
            occurrence=occurrence,
            suspense_item=suspense_item,
        )

    def _taken(self, facts: Collection[str]) -> set[str]:
        """Facts that another line pays for. A line of an older version of this day's statement takes
        nothing away: this file says the same again."""
        final = Q(file=self.file, state__in=[LineState.MATCHED, LineState.HEALED])
        older = Q(file__business_date=self.file.business_date) & ~Q(file=self.file)
        claims = StatementLine.objects.filter(final | Q(settles=True), fact__in=facts)
        return set(claims.exclude(older).values_list("fact", flat=True))


def row(line: StatementLine) -> StatementRow:
    kind = ReportKind(line.kind)
    states = PaymentState if kind is ReportKind.PAYMENT else RefundState
    return StatementRow(
        kind=kind,
        reference=line.reference,
        channel_id=line.channel_id,
        amount_minor=line.amount_minor,
        currency=line.currency,
        fee_minor=line.fee_minor,
        state=states(line.channel_state),
        occurred_at=line.occurred_at,
        line_number=line.line_number,
        raw=line.raw,
    )

"""The channel says that money moved, and we only tried: its word comes in by the one road."""

from django.db import transaction

from ledger.services.accounts import AccountFrozen
from ledger.services.journals import NegativeBalanceForbidden
from payments.channels.base import ChannelReport, Outcome, ReportKind
from payments.services import outcomes
from payments.services.outcomes import Applied
from reconciliation.drafts import Judgement
from reconciliation.matching import Verdict
from reconciliation.models import StatementLine
from reconciliation.services import tickets
from reconciliation.services.hearing import Hearing, row
from reconciliation.states import LineState


def heal(hearing: Hearing, line: StatementLine, verdict: Verdict) -> bool:
    """Whether anything changed: our rows, the ticket that says so and the line's verdict change in one
    transaction. Money that fits no payment even now is in suspense after that."""
    try:
        with transaction.atomic():
            applied = outcomes.apply(
                report=_report(hearing, line),
                channel_account=hearing.account,
                source=hearing.file.public_id,
                by=hearing.by,
                now=hearing.now,
            )
            if applied is not Applied.NOTHING_NEW:
                _note(hearing, line, verdict)
    except (AccountFrozen, NegativeBalanceForbidden):
        # The books refuse it for now: this line needs a person, the others go on.
        return False
    return applied is not Applied.NOTHING_NEW


def _report(hearing: Hearing, line: StatementLine) -> ChannelReport:
    said = row(line)
    return ChannelReport(
        kind=said.kind,
        outcome=Outcome.DONE,
        reference=said.reference,
        state=said.state,
        channel_id=said.channel_id,
        amount_minor=said.amount_minor,
        currency=said.currency,
        amount_captured_minor=said.amount_minor if said.kind is ReportKind.PAYMENT else None,
        occurred_at=said.occurred_at,
        raw={"statement": hearing.file.public_id, "line": line.line_number, "text": said.raw},
    )


def _note(hearing: Hearing, line: StatementLine, before: Verdict) -> None:
    [(_, after)] = hearing.verdicts([line])
    if not after.money_fits or after.booking is None or after.booking.in_suspense:
        return
    fact = after.booking.fact
    ticket_pk = tickets.healed_at_once(
        hearing.difference(before),
        channel_account=hearing.account,
        run=hearing.run,
        proof={"statement": hearing.file.public_id, "line": line.line_number, "fact": fact},
        by=hearing.by,
        now=hearing.now,
    )
    if after.kind is None:
        judgement = Judgement(
            line_pk=line.pk,
            state=LineState.HEALED,
            fact=fact,
            settles=True,
            ticket_pk=ticket_pk,
        )
        StatementLine.objects.all().judge([judgement], now=hearing.now)

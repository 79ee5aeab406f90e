"""Opening tickets, each difference once; closing those whose difference went away."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from audit.actor import Actor
from audit.services import due
from audit.services.due import LeaseLost
from payments.selectors import bookings
from reconciliation.drafts import Difference
from reconciliation.models import Run, StatementFile, Ticket
from reconciliation.models.discrepancy import FEE_SLA, SLA
from reconciliation.services import evidence
from reconciliation.states import DiscrepancyKind

if TYPE_CHECKING:
    from payments.models import ChannelAccount, SuspenseItem

BATCH = 50
LEASE_SECONDS = 60
# A wrong fee is settled as the channel took it; only people can get it back. What is listed twice, or
# waits in suspense, does not explain itself either.
HEALS_BY_ITSELF = (
    DiscrepancyKind.MISSING_AT_CHANNEL,
    DiscrepancyKind.AMOUNT_MISMATCH,
    DiscrepancyKind.CURRENCY_MISMATCH,
    DiscrepancyKind.STATE_MISMATCH,
)


def ensure(
    differences: Sequence[Difference],
    *,
    channel_account: "ChannelAccount",
    run: Callable[[], Run | None],
    now: datetime,
) -> list[int]:
    """The keys of the differences' tickets, in their order, opened where there was none. `run` is
    asked for only when something is new."""
    fingerprints = [_fingerprint(difference, channel_account) for difference in differences]
    known = _known(fingerprints)
    new = {
        fingerprint: difference
        for fingerprint, difference in zip(fingerprints, differences, strict=True)
        if fingerprint not in known
    }
    if new:
        of_run = run()
        Ticket.objects.bulk_create(
            _ticket(difference, channel_account, of_run, now) for difference in new.values()
        )
        known |= _known(new)
    return [known[fingerprint] for fingerprint in fingerprints]


def healed_at_once(
    difference: Difference,
    *,
    channel_account: "ChannelAccount",
    run: Callable[[], Run | None],
    proof: dict[str, Any],
    by: Actor,
    now: datetime,
) -> int:
    """The trace of a difference that was found and put right in the same step: its ticket's key."""
    [key] = ensure([difference], channel_account=channel_account, run=run, now=now)
    for ticket in Ticket.objects.at_work().filter(pk=key):
        ticket.heal(
            reason="Healed: the channel's word was applied, and both sides agree.",
            proof=proof,
            by=str(by),
            now=now,
        )
        ticket.save()
    return key


def heal_about(
    *,
    facts: Collection[str],
    references: Collection[str],
    file: StatementFile,
    by: Actor,
    now: datetime,
) -> int:
    """Closes what was at work about money that the statement now agrees on; how many there were."""
    about = Ticket.objects.at_work().filter(
        Q(fact__in=facts) | Q(our_reference__in=references),
        kind__in=HEALS_BY_ITSELF,
        suspense_item="",
        channel_account=file.channel_account_id,
    )
    for ticket in about:
        ticket.heal(
            reason=f"The channel's statement of {file.business_date} agrees.",
            proof={"statement": file.public_id},
            by=str(by),
            now=now,
        )
        ticket.save()
    return len(about)


def take_up(*, now: datetime) -> int:
    """A ticket for every suspense item that is due at the desk; how many items were taken up."""
    steps = 0
    while items := due.claim(
        bookings.suspense_items(), now=now, limit=BATCH, lease_seconds=LEASE_SECONDS
    ):
        for item in items:
            # Who lost the lease was overtaken: the item is on the desk, or will be.
            with suppress(LeaseLost):
                _take_up(item, now=now)
        steps += len(items)
    return steps


@transaction.atomic
def _take_up(item: "SuspenseItem", *, now: datetime) -> None:
    ensure(
        [evidence.of_suspense(item)],
        channel_account=item.channel_account,
        run=lambda: None,
        now=now,
    )
    due.done(item)


def _known(fingerprints: Collection[str]) -> dict[str, int]:
    found = Ticket.objects.filter(fingerprint__in=fingerprints)
    return dict(found.values_list("fingerprint", "pk"))


def _fingerprint(difference: Difference, channel_account: "ChannelAccount") -> str:
    return f"{channel_account.public_id}/{difference.kind}/{difference.subject}"


def _ticket(
    difference: Difference, channel_account: "ChannelAccount", run: Run | None, now: datetime
) -> Ticket:
    sla = FEE_SLA if difference.kind is DiscrepancyKind.FEE_MISMATCH else SLA
    return Ticket(
        fingerprint=_fingerprint(difference, channel_account),
        kind=difference.kind,
        channel_account=channel_account,
        business_date=difference.business_date,
        amount_minor=difference.amount_minor,
        currency=difference.currency,
        our_reference=difference.our_reference,
        their_reference=difference.their_reference,
        payment=difference.payment,
        fact=difference.fact,
        suspense_item=difference.suspense_item,
        run=run,
        evidence=difference.evidence,
        opened_at=now,
        sla_due_at=now + sla,
    )

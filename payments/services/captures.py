"""Taking the money of an authorization, once, whole or in part; the rest goes back to the payer."""

from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import records
from merchants.services.idempotency import Claim
from payments.channels.base import (
    CaptureRequest,
    ChannelError,
    ChannelReport,
    ErrorKind,
    Outcome,
)
from payments.channels.base import PaymentState as PaymentStateThere
from payments.drafts import Tenant
from payments.models import Capture, Payment
from payments.models.attempt import OWED_FIELDS
from payments.services import connections, locks, outcomes
from payments.states import CaptureState, PaymentState


class PaymentNotCapturable(Exception):
    """Only an authorized payment that nobody gave up has money to take."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the payment is {state}")
        self.state = state


class CaptureUnderWay(Exception):
    """The channel has not answered the first capture yet."""


class CaptureExceedsAuthorization(Exception):
    """`authorized_minor` is what the channel holds."""

    def __init__(self, authorized_minor: int) -> None:
        super().__init__(f"{authorized_minor} minor units are authorized")
        self.authorized_minor = authorized_minor


class CaptureRefused(Exception):
    """The channel certainly did not take the money."""


def capture(
    *,
    public_id: str,
    tenant: Tenant,
    amount_minor: int | None = None,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Payment:
    """Takes `amount_minor`, or all that is authorized, and answers with what is known by then.

    Raises Payment.DoesNotExist, PaymentNotCapturable, CaptureUnderWay, CaptureExceedsAuthorization,
    CaptureRefused.
    """
    started = _begin(
        public_id=public_id,
        tenant=tenant,
        amount_minor=amount_minor,
        by=by,
        now=now,
        claim=claim,
    )
    try:
        report = ask(started)
    except ChannelError as error:
        if error.kind is not ErrorKind.CONFLICT:
            _refused(started)
            raise CaptureRefused(f"{error.code}: {error.message}") from error
        # The channel has this capture already: what became of it has to be asked.
        report = connections.refused_payment(started.attempt, error)
    outcomes.apply(
        report=report,
        channel_account=started.attempt.channel_account,
        source="answer",
        by=by,
        now=now,
    )
    if conclude(capture_=started, report=report):
        raise CaptureRefused(report.failure_message or "the channel did not take the money")
    return Payment.objects.select_related("order").get(
        public_id=public_id, merchant_id=tenant.merchant_pk, mode=tenant.mode
    )


def ask(capture_: Capture) -> ChannelReport:
    """Tells the channel to take the money; the same capture may be asked for again. Raises ChannelError."""
    attempt = capture_.attempt
    return connections.captures(attempt.channel_account).capture(
        CaptureRequest(
            payment=connections.reference_of(attempt),
            reference=capture_.public_id,
            amount_minor=capture_.amount_minor,
        )
    )


@transaction.atomic
def _begin(
    *,
    public_id: str,
    tenant: Tenant,
    amount_minor: int | None,
    by: Actor,
    now: datetime,
    claim: Claim | None,
) -> Capture:
    payment, attempt = locks.payment_and_attempt(public_id=public_id, tenant=tenant)
    if attempt is None or payment.state != PaymentState.AUTHORIZED:
        raise PaymentNotCapturable(payment.state)
    if attempt.close_wanted:
        raise PaymentNotCapturable("authorized and its cancel is under way")
    amount_minor = payment.amount_minor if amount_minor is None else amount_minor
    if amount_minor > payment.amount_minor:
        raise CaptureExceedsAuthorization(payment.amount_minor)
    if payment.captures.filter(state=CaptureState.PROCESSING).exists():
        raise CaptureUnderWay("the first capture is not answered yet")
    started = Capture.objects.create(
        payment=payment,
        attempt=attempt,
        amount_minor=amount_minor,
        currency=payment.currency,
        created_at=now,
    )
    attempt.owe(due_at=now + connections.patience(attempt.channel_account))
    attempt.save(update_fields=OWED_FIELDS)
    records.write(
        action="payment.capture_requested",
        by=by,
        now=now,
        target=payment.public_id,
        detail={"capture": started.public_id, "amount_minor": amount_minor},
    )
    if claim:
        claim.attach(payment.public_id)
    return started


def conclude(*, capture_: Capture, report: ChannelReport) -> bool:
    """Whether the channel's answer to this capture says that it was not made; it is failed then, so
    that another one may be asked for."""
    refused = report.outcome is Outcome.REJECTED and report.state != PaymentStateThere.SUCCEEDED
    if refused:
        _refused(capture_)
    return refused


@transaction.atomic
def _refused(capture_: Capture) -> None:
    locks.payment_by_key(pk=capture_.payment_id)
    capture_.refresh_from_db()
    if capture_.state == CaptureState.PROCESSING:
        capture_.fail()
        capture_.save(update_fields=["state"])

"""From a stored channel account to an adapter that can speak with the channel."""

from datetime import timedelta

from django.conf import settings

from audit import vault
from payments.channels import registry
from payments.channels.base import (
    CallsBack,
    Captures,
    ChannelError,
    ChannelReport,
    Credentials,
    ErrorKind,
    Outcome,
    PaymentRef,
    PaymentState,
    Pays,
    Refunds,
    RefundState,
    ReportKind,
    States,
)
from payments.channels.http import shared_client
from payments.models import Attempt, ChannelAccount, Refund

# What a channel's answer may take beyond its timeout before somebody else asks what became of it.
ANSWER_GRACE = timedelta(seconds=5)


def pays(account: ChannelAccount) -> Pays:
    return registry.pays(account.channel, credentials(account), shared_client())


def captures(account: ChannelAccount) -> Captures:
    return registry.captures(account.channel, credentials(account), shared_client())


def refunds(account: ChannelAccount) -> Refunds:
    return registry.refunds(account.channel, credentials(account), shared_client())


def calls_back(account: ChannelAccount) -> CallsBack:
    return registry.calls_back(account.channel, credentials(account), shared_client())


def states(account: ChannelAccount) -> States:
    return registry.states(account.channel, credentials(account), shared_client())


def credentials(account: ChannelAccount) -> Credentials:
    return Credentials(
        account_id=account.public_id,
        base_url=account.base_url,
        secret=vault.open_sealed(account.sealed_secret, context=account.secret_context),
        settings={"timeout_seconds": str(account.timeout_seconds)},
    )


def callback_url(account: ChannelAccount) -> str:
    return f"{settings.PUBLIC_BASE_URL}/callbacks/{account.channel}/{account.public_id}"


def patience(account: ChannelAccount) -> timedelta:
    """How long a call to this channel may take before the outcome is somebody else's to find out."""
    return timedelta(seconds=account.timeout_seconds) + ANSWER_GRACE


def reference_of(attempt: Attempt) -> PaymentRef:
    return PaymentRef(
        reference=attempt.public_id,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        channel_id=attempt.channel_id,
    )


def refused_payment(attempt: Attempt, error: ChannelError) -> ChannelReport:
    """The report of a call that certainly did nothing. A conflict is no such call: the channel has our
    reference already, and what became of it has to be asked."""
    if error.kind is ErrorKind.CONFLICT:
        return ChannelReport(
            kind=ReportKind.PAYMENT,
            outcome=Outcome.UNKNOWN,
            reference=attempt.public_id,
            raw=error.raw,
        )
    return ChannelReport(
        kind=ReportKind.PAYMENT,
        outcome=Outcome.REJECTED,
        reference=attempt.public_id,
        state=PaymentState.FAILED,
        failure_code=f"channel_{error.code}"[:64],
        failure_message=error.message,
        raw=error.raw,
    )


def refused_refund(refund: Refund, error: ChannelError) -> ChannelReport:
    """As refused_payment."""
    if error.kind is ErrorKind.CONFLICT:
        return ChannelReport(
            kind=ReportKind.REFUND,
            outcome=Outcome.UNKNOWN,
            reference=refund.public_id,
            raw=error.raw,
        )
    return ChannelReport(
        kind=ReportKind.REFUND,
        outcome=Outcome.REJECTED,
        reference=refund.public_id,
        state=RefundState.FAILED,
        failure_code=f"channel_{error.code}"[:64],
        failure_message=error.message,
        raw=error.raw,
    )

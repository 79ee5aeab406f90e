"""Payments brought to a state by the road that production takes: services and channel reports."""

from datetime import UTC, datetime
from itertools import count

from audit.actor import Actor, ActorKind
from merchants.services import onboarding
from payments.channels.base import ChannelReport, Outcome, PaymentState, RefundState, ReportKind
from payments.drafts import ChannelAccountDraft, OrderDraft, PaymentDraft, Tenant
from payments.models import Attempt, ChannelAccount, Payment
from payments.services import channel_accounts, history, outcomes, payments

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BY = Actor(kind=ActorKind.SYSTEM, id="tests")
_numbers = count(1)


def merchant(*, name="Tea House", fee_bps=290, fixed_minor=0, currency=""):
    made = onboarding.create_merchant(name=name, by=BY, now=NOW)
    onboarding.agree_fee(
        merchant=made,
        percent_bps=fee_bps,
        fixed_minor=fixed_minor,
        currency=currency,
        by=BY,
        now=NOW,
    )
    return made


def channel_account(*, base_url="http://127.0.0.1:9", title="Sandbox", fee_bps=60, timeout=10):
    return channel_accounts.open_account(
        draft=ChannelAccountDraft(
            channel="sandbox",
            mode="test",
            title=title,
            base_url=base_url,
            secret=b"shared-with-the-simulator-0123456",
            fee_bps=fee_bps,
            timeout_seconds=timeout,
        ),
        by=BY,
        now=NOW,
    )


def tenant_of(merchant_):
    return Tenant(merchant_pk=merchant_.pk, mode="test")


def created_payment(
    *, of=None, amount_minor=10000, currency="CNY", capture="automatic", expires_in=1800, now=NOW
):
    of = of or merchant()
    return payments.create(
        tenant=tenant_of(of),
        draft=PaymentDraft(
            order=OrderDraft(
                reference=f"order-{next(_numbers)}",
                amount_minor=amount_minor,
                currency=currency,
                expires_in=expires_in,
            ),
            capture=capture,
            method={"type": "sandbox", "scenario": "succeed"},
            expires_in=expires_in,
        ),
        by=BY,
        now=now,
    )


def sent_payment(*, account=None, now=NOW, **wanted):
    """Confirmed: the attempt is committed and the channel has not answered yet."""
    account = account or channel_account()
    payment = created_payment(now=now, **wanted)
    payments.begin(
        public_id=payment.public_id,
        tenant=Tenant(merchant_pk=payment.merchant_id, mode=payment.mode),
        method=None,
        by=BY,
        now=now,
        claim=None,
    )
    return reloaded(payment)


def attempt_of(payment):
    return payment.channel_attempts.select_related("channel_account").get()


def report(attempt: Attempt, state: PaymentState | None, **says):
    return ChannelReport(
        **{
            "kind": ReportKind.PAYMENT,
            "outcome": Outcome.DONE,
            "reference": attempt.public_id,
            "state": state,
            "channel_id": f"ch_{attempt.pk}",
            "amount_minor": attempt.amount_minor,
            "currency": attempt.currency,
            "occurred_at": NOW,
            **says,
        }
    )


def refund_report(refund, state: RefundState, **says):
    return ChannelReport(
        **{
            "kind": ReportKind.REFUND,
            "outcome": Outcome.DONE,
            "reference": refund.public_id,
            "state": state,
            "channel_id": f"rf_{refund.pk}",
            "amount_minor": refund.amount_minor,
            "currency": refund.currency,
            "occurred_at": NOW,
            **says,
        }
    )


def hear(attempt, state, *, now=NOW, **says):
    """The channel speaks; the answer is what became of its word."""
    return outcomes.apply(
        report=report(attempt, state, **says),
        channel_account=attempt.channel_account,
        source="tests",
        by=BY,
        now=now,
    )


def succeeded_payment(*, account=None, now=NOW, **wanted):
    payment = sent_payment(account=account, now=now, **wanted)
    hear(attempt_of(payment), PaymentState.SUCCEEDED, now=now)
    return reloaded(payment)


def reloaded(payment):
    return Payment.objects.select_related("order", "merchant").get(pk=payment.pk)


def second_payment(order):
    """Another payment of the same order that was under way before the order was paid: the row is put
    there by hand, since the services refuse it (a race at the channel is how it happens)."""
    payment = Payment(
        merchant_id=order.merchant_id,
        mode=order.mode,
        order=order,
        amount_minor=order.amount_minor,
        currency=order.currency,
        method={"type": "sandbox"},
        expires_at=NOW,
        created_at=NOW,
    )
    history.begin(payment, by=BY, now=NOW)
    payment.submit(payment_method={"type": "sandbox"})
    history.append(payment, name="submitted", cause="tests", by=BY, now=NOW)
    Attempt.objects.create(
        payment=payment,
        channel_account=ChannelAccount.objects.get(),
        number=1,
        amount_minor=order.amount_minor,
        currency=order.currency,
        created_at=NOW,
    )
    return payment

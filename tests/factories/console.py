"""A day of which every page of the console has something to show."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse

from audit.actor import Actor, ActorKind
from merchants.models import Event, IdempotencyRecord, Merchant, SeenNonce, WebhookDelivery
from merchants.services import api_keys, webhooks
from merchants.states import Mode
from payments.channels.base import PaymentState, RefundState
from payments.drafts import UnplacedMoney
from payments.models import CallbackReceipt, ChannelAccount, Payment, SuspenseItem
from payments.services import outcomes, suspense
from payments.states import ReceiptState, SuspenseKind
from tests.factories import operators
from tests.factories import payments as make
from tests.factories import reconciliation as books

NOW = make.NOW


@dataclass
class Day:
    merchant: Merchant
    account: ChannelAccount
    refunded: Payment
    failed: Payment
    parked: Payment
    forgery: CallbackReceipt


def day() -> Day:
    """A sale with a refund, a decline, money in suspense, a forged callback, a webhook that was given
    up, a statement with a difference and its ticket, and what the machinery leaves behind."""
    merchant = make.merchant(name="Harbour Tea House", fixed_minor=30, currency="CNY")
    by = Actor(kind=ActorKind.MERCHANT, id=_key(merchant))
    webhooks.register(
        merchant_id=merchant.pk, mode="test", url="https://hooks.example.com/z", by=by, now=NOW
    )
    account = make.channel_account(title="Sandbox East")
    refunded = make.succeeded_payment(account=account, of=merchant)
    _refund(refunded, account)
    failed = make.sent_payment(account=account, of=merchant)
    make.hear(
        make.attempt_of(failed),
        PaymentState.FAILED,
        failure_code="insufficient_funds",
        failure_message="The payer's account is empty.",
        raw={"request": {"api_key": "sk_live_never_shown"}, "response": {"status": 402}},
    )
    parked = make.sent_payment(account=account, of=merchant)
    make.hear(make.attempt_of(parked), PaymentState.SUCCEEDED, amount_minor=9900)
    forgery = _callbacks(account, refunded)
    _machinery(merchant)
    books.compared(account, [books.charge(refunded, fee_minor=999)], now=NOW + timedelta(hours=15))
    call_command("sync_schedule", verbosity=0, stdout=_Silence())
    operators.operator("lena", roles=["viewer"])
    return Day(merchant, account, make.reloaded(refunded), failed, parked, forgery)


def pages() -> dict[str, str]:
    """The address of one row's page for every registered model that has a row, by `app.model`."""
    found = {}
    for model, page in admin.site._registry.items():
        row = model._default_manager.order_by("pk").last()
        if row is not None:
            key = getattr(row, "public_id", row.pk) if hasattr(page, "find") else row.pk
            found[name_of(model)] = reverse(f"admin:{url_name(model)}_change", args=[key])
    return found


def lists() -> dict[str, str]:
    return {
        name_of(model): reverse(f"admin:{url_name(model)}_changelist")
        for model in admin.site._registry
    }


def cut(pattern: str, page: str) -> str:
    """What the pattern's only group, or all of it, finds on the page."""
    found = re.search(pattern, page, re.DOTALL)
    assert found, pattern
    return found.group(found.lastindex or 0)


def name_of(model) -> str:
    return f"{model._meta.app_label}.{model._meta.model_name}"


def url_name(model) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def more_payments(day_: Day, count: int) -> None:
    for _ in range(count):
        make.succeeded_payment(account=day_.account, of=day_.merchant)


def unplaced(day_: Day, amount_minor: int, currency="CNY") -> SuspenseItem:
    """Money that the channel took and that nobody has taken up yet."""
    item = suspense.park(
        money=UnplacedMoney(
            kind=SuspenseKind.UNKNOWN_PAYMENT,
            reference="att_nobody_knows",
            channel_id="ch_unknown",
            amount_minor=amount_minor,
            currency=currency,
            occurred_at=NOW,
        ),
        channel_account=day_.account,
        payment=None,
        by=make.BY,
        now=NOW,
    )
    assert item
    return item


def _key(merchant) -> str:
    return api_keys.issue(merchant=merchant, mode=Mode.TEST, by=make.BY, now=NOW).key.public_id


def _refund(payment, account) -> None:
    refund = books.pending_refund(payment, 2500)
    outcomes.apply(
        report=make.refund_report(refund, RefundState.SUCCEEDED),
        channel_account=account,
        source="answer",
        by=make.BY,
        now=NOW + timedelta(minutes=5),
    )


def _callbacks(account, payment) -> CallbackReceipt:
    CallbackReceipt.objects.create(
        channel_account=account,
        delivery_id="dlv-1",
        headers={"content-type": "application/json"},
        body=b'{"event": "charge.succeeded", "token": "tok_1"}',
        reference=make.attempt_of(payment).public_id,
        received_at=NOW,
        due_at=NOW,
    )
    return CallbackReceipt.objects.create(
        channel_account=account,
        body=b"not json at all",
        state=ReceiptState.REJECTED,
        rejected_because="signature_invalid",
        received_at=NOW,
    )


def _machinery(merchant) -> None:
    key = merchant.api_keys.get()
    SeenNonce.objects.create(key=key, nonce="n" * 16, forget_after=NOW)
    IdempotencyRecord.objects.create(
        merchant=merchant,
        mode="test",
        method="POST",
        path="/v1/payments",
        key="order-1",
        fingerprint="f" * 64,
        state="in_progress",
        created_at=NOW,
    )
    given_up = WebhookDelivery.objects.filter(event=Event.objects.order_by("pk").first())
    given_up.update(dead_at=NOW, attempts=10, last_error="answered 500", last_status=500)


class _Silence:
    def write(self, text):
        pass

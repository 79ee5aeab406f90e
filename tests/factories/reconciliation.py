"""Statements as the sandbox writes them, and days compared by the road that production takes."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from payments.channels.amounts import to_major
from payments.channels.sandbox.signing import statement_signature
from payments.models import Capture, Payment, SuspenseItem
from payments.services import refunds
from reconciliation.services import runs
from tests.factories.payments import BY, NOW, attempt_of, tenant_of

SECRET = b"shared-with-the-simulator-0123456"
DAY = NOW.date()
HEADER = "kind,reference,channel_id,amount,currency,fee,state,occurred_at"


@dataclass(frozen=True)
class Row:
    """One line of a statement. `fee_minor` None: what the factory's account has agreed to, 0.6 %."""

    kind: str
    reference: str
    channel_id: str
    amount_minor: int
    currency: str = "CNY"
    fee_minor: int | None = None
    occurred_at: datetime = NOW

    def but(self, **changes):
        return replace(self, **changes)

    @property
    def fee(self):
        if self.fee_minor is not None:
            return self.fee_minor
        return round(self.amount_minor * 60 / 10_000) if self.kind == "charge" else 0

    def as_csv(self):
        state = {"charge": "PAID", "refund": "SUCCEEDED"}[self.kind]
        return ",".join(
            [
                self.kind,
                self.reference,
                self.channel_id,
                to_major(self.amount_minor, self.currency),
                self.currency,
                to_major(self.fee, self.currency),
                state,
                self.occurred_at.isoformat(),
            ]
        )


def charge(payment, **says):
    """What a faithful channel would list for the payment's attempt."""
    attempt = attempt_of(payment)
    return Row(
        "charge", attempt.public_id, f"ch_{attempt.pk}", attempt.amount_minor, attempt.currency
    ).but(**says)


def refund_line(refund, **says):
    return Row(
        "refund", refund.public_id, f"rf_{refund.pk}", refund.amount_minor, refund.currency
    ).but(**says)


def unknown_charge(name="stranger", amount_minor=1234):
    return Row("charge", f"unknown_{name}", f"sbc_{name}", amount_minor)


def statement(account, rows, *, day=DAY):
    lines = [HEADER, *(row.as_csv() for row in rows), *_sums(rows)]
    signed = "".join(f"{line}\n" for line in lines).encode()
    signature = statement_signature(secret=SECRET, lines=signed)
    end = f"end,{account.public_id},{day.isoformat()},{len(rows)},{signature}\n"
    return signed + end.encode()


def compared(account, rows, *, day: date = DAY, now=NOW, **options):
    """The run over a statement with these lines."""
    return runs.reconcile(
        channel_account=account,
        business_date=day,
        file=statement(account, rows, day=day),
        by=BY,
        now=now,
        **options,
    )


def pending_refund(payment, amount_minor, *, now=NOW):
    """Asked for and reserved; the channel has not been told (it is not there in these tests)."""
    merchant = payment.merchant
    return refunds.request(
        payment_id=payment.public_id,
        tenant=tenant_of(merchant),
        amount_minor=amount_minor,
        by=BY,
        now=now,
    )


def capture_of(payment) -> Capture:
    return Capture.objects.get(payment=payment)


def suspense_of(payment: Payment) -> SuspenseItem:
    return SuspenseItem.objects.get(payment=payment)


def _sums(rows):
    sums = {}
    for row in rows:
        total = sums.setdefault(row.currency, [0, 0, 0, 0, 0])
        at = 0 if row.kind == "charge" else 2
        total[at] += 1
        total[at + 1] += row.amount_minor
        total[4] += row.fee
    for currency, (charges, charged, refunded, refunded_minor, fee) in sorted(sums.items()):
        major = [to_major(minor, currency) for minor in (charged, refunded_minor, fee)]
        yield f"sum,{currency},{charges},{major[0]},{refunded},{major[1]},{major[2]}"

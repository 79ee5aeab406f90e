"""The one road in: whatever a channel says about a payment enters here.

A synchronous answer, a callback, an inquiry, an operator's refresh and a statement line all become a
ChannelReport and pass the same five beats: lock, check, transition, post, publish. Applying the same
report again changes nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from audit.actor import Actor
from payments import events
from payments.channels.base import ChannelReport, Outcome, PaymentState, ReportKind
from payments.drafts import UnplacedMoney
from payments.models import Attempt, Capture, ChannelAccount
from payments.models.attempt import INQUIRY_SCHEDULE_SECONDS
from payments.services import collecting, history, locks, notices, refund_outcomes, suspense
from payments.states import (
    LIVE_PAYMENT_STATES,
    AttemptState,
    OrderState,
    SuspenseKind,
)
from payments.states import PaymentState as Ours

ATTEMPT_FIELDS = (
    "state",
    "outcome_unknown",
    "close_wanted",
    "channel_id",
    "channel_state",
    "failure_code",
    "failure_message",
    "exchange",
    "due_at",
    "lease_until",
    "lease_token",
)
ORDER_FIELDS = ("state", "due_at", "lease_until", "lease_token")
# Card schemes let an authorization stand for about a week.
AUTHORIZATION_STANDS = timedelta(days=7)


class Applied(StrEnum):
    CHANGED = "changed"
    NOTHING_NEW = "nothing_new"
    PARKED = "parked"


@transaction.atomic(savepoint=False)
def apply(
    *, report: ChannelReport, channel_account: ChannelAccount, source: str, by: Actor, now: datetime
) -> Applied:
    """Lets a channel's word change our rows, if it says anything new.

    `source` names the road it came (`answer`, `inquiry`, `cbk_…`, `stm_…`). Money that fits no payment
    of ours is parked in suspense, never dropped.
    """
    if report.kind is ReportKind.REFUND:
        changed = refund_outcomes.apply(
            report=report, channel_account=channel_account, by=by, now=now
        )
        return Applied.CHANGED if changed else Applied.NOTHING_NEW
    try:
        attempt = locks.attempt(public_id=report.reference, channel_account_pk=channel_account.pk)
    except Attempt.DoesNotExist:
        return _unknown(report, channel_account, by=by, now=now)
    _note(attempt, report)
    step = _Step(attempt=attempt, report=report, source=source, by=by, now=now)
    if report.outcome is Outcome.UNKNOWN:
        return step.unknown()
    if report.not_found or report.state is None:
        return Applied.NOTHING_NEW
    return step.by_state(PaymentState(report.state))


class _Step:
    """One report meeting one locked attempt."""

    def __init__(
        self, *, attempt: Attempt, report: ChannelReport, source: str, by: Actor, now: datetime
    ) -> None:
        self.attempt, self.report = attempt, report
        self.payment, self.order = attempt.payment, attempt.payment.order
        self.source, self.by, self.now = source, by, now

    def by_state(self, state: PaymentState) -> Applied:
        beats: dict[PaymentState, Callable[[], Applied]] = {
            PaymentState.CREATED: self._learned_nothing,
            PaymentState.PROCESSING: self.processing,
            PaymentState.REQUIRES_ACTION: self.requires_action,
            PaymentState.AUTHORIZED: self.authorized,
            PaymentState.SUCCEEDED: self.succeeded,
            PaymentState.FAILED: self.failed,
            PaymentState.CANCELED: self.canceled,
        }
        return beats[state]()

    def unknown(self) -> Applied:
        """Nobody knows: not failed, not paid. The attempt is due for an inquiry."""
        if not (self.attempt.is_open or self.attempt.state == AttemptState.AUTHORIZED):
            return Applied.NOTHING_NEW
        if self.attempt.state == AttemptState.SENDING:
            self.attempt.process()
        self.attempt.outcome_unknown = True
        if self.attempt.lease_token is None:
            self.attempt.due_at = self.now + timedelta(seconds=INQUIRY_SCHEDULE_SECONDS[0])
        self._save_attempt()
        return Applied.CHANGED

    def processing(self) -> Applied:
        if self.attempt.state not in (AttemptState.SENDING, AttemptState.REQUIRES_ACTION):
            return self._learned_nothing()
        self.attempt.process()
        self.attempt.outcome_unknown = False
        self._ask_again_soon()
        self._save_attempt()
        if self.payment.state == Ours.REQUIRES_ACTION:
            self._move("processing", self.payment.resume_processing)
        return Applied.CHANGED

    def requires_action(self) -> Applied:
        if self.attempt.state not in (AttemptState.SENDING, AttemptState.PROCESSING):
            return self._learned_nothing()
        self.attempt.require_action()
        self._ask_again_soon()
        self._save_attempt()
        next_action = dict(self.report.next_action or {})
        self._move("requires_action", self.payment.require_action, next_action=next_action)
        self._tell(events.PAYMENT_REQUIRES_ACTION)
        return Applied.CHANGED

    def authorized(self) -> Applied:
        if self.attempt.is_open and not self._is_what_we_asked():
            return self._wrong_authorization()
        if self.attempt.is_open and self.payment.state in LIVE_PAYMENT_STATES:
            self.attempt.authorize()
            self._save_attempt()
            self.payment.postpone_expiry(until=self.now + AUTHORIZATION_STANDS)
            self._move("authorized", self.payment.authorize)
            self._tell(events.PAYMENT_AUTHORIZED)
            return Applied.CHANGED
        if self.payment.state in LIVE_PAYMENT_STATES:
            return self._learned_nothing()
        if self.attempt.state in (AttemptState.CANCELED, AttemptState.FAILED):
            # We gave up, the channel holds the payer's money all the same: give it free.
            self.attempt.close_wanted = True
            self.attempt.due_at = self.now
            self._save_attempt()
        return Applied.NOTHING_NEW

    def succeeded(self) -> Applied:
        if self.attempt.state == AttemptState.SUCCEEDED:
            return self._collected_before()
        given_up_attempt = self.attempt.state in (AttemptState.FAILED, AttemptState.CANCELED)
        if given_up_attempt and self._is_parked():
            return Applied.NOTHING_NEW
        if not self._amount_is_right():
            return self._wrong_amount()
        live = self.payment.state in LIVE_PAYMENT_STATES
        given_up = self.payment.state in (Ours.FAILED, Ours.EXPIRED)
        order_waits = self.order.state in (OrderState.OPEN, OrderState.EXPIRED)
        self.attempt.succeed()
        self._save_attempt()
        if order_waits and (live or given_up):
            self._collect(self.payment.succeed if live else self.payment.reinstate)
            return Applied.CHANGED
        paid = self.order.state not in (OrderState.OPEN, OrderState.EXPIRED, OrderState.VOID)
        return self._hold(
            SuspenseKind.PAID_TWICE if paid else SuspenseKind.LATE_SUCCESS,
            code="order_already_paid",
            message="The order had been paid by another payment.",
        )

    def failed(self) -> Applied:
        if not (self.attempt.is_open or self.attempt.state == AttemptState.AUTHORIZED):
            return self._closed_there()
        code = self.report.failure_code or "channel_declined"
        self.attempt.fail(code=code, message=self.report.failure_message)
        self._save_attempt()
        self._drop_capture()
        if self.payment.state in LIVE_PAYMENT_STATES:
            self._move("failed", self.payment.fail, code=code, message=self.report.failure_message)
            self._tell(events.PAYMENT_FAILED)
        return Applied.CHANGED

    def canceled(self) -> Applied:
        if not (self.attempt.is_open or self.attempt.state == AttemptState.AUTHORIZED):
            return self._closed_there()
        self.attempt.cancel()
        self._save_attempt()
        self._drop_capture()
        if self.payment.state not in LIVE_PAYMENT_STATES:
            return Applied.CHANGED
        if self.payment.expires_at <= self.now:
            self._move("expired", self.payment.expire)
            if self.order.state == OrderState.OPEN and _ran_out(self.order.due_at, self.now):
                self.order.expire()
                self.order.save(update_fields=ORDER_FIELDS)
            self._tell(events.PAYMENT_EXPIRED)
        else:
            self._move("canceled", self.payment.cancel)
            self._tell(events.PAYMENT_CANCELED)
        return Applied.CHANGED

    def _collect(self, transition_: Callable[..., None]) -> None:
        """Money in: capture, order and payment, books, notice."""
        live = self.payment.state in LIVE_PAYMENT_STATES
        capture = collecting.capture(
            attempt=self.attempt,
            amount_minor=self._taken(),
            channel_id=self.report.channel_id,
            captured_at=self._when(),
            now=self.now,
        )
        self.order.pay()
        self.order.save(update_fields=ORDER_FIELDS)
        self._move(
            "succeeded" if live else "reinstated", transition_, amount_minor=capture.amount_minor
        )
        collecting.book(capture=capture, attempt=self.attempt, by=self.by, now=self.now)
        self._tell(events.PAYMENT_SUCCEEDED)

    def _asked_capture(self) -> Capture | None:
        return collecting.asked_for(attempt=self.attempt)

    def _taken(self) -> int:
        """What the channel says that it took; an answer that names no amount means what we asked for."""
        said = (self.report.amount_captured_minor, self.report.amount_minor)
        return next((amount for amount in said if amount is not None), self.attempt.amount_minor)

    def _amount_is_right(self) -> bool:
        """The channel's amount and currency are exactly what we asked for (capabilities S12)."""
        asked = self._asked_capture()
        expected = asked.amount_minor if asked else self.attempt.amount_minor
        return self._taken() == expected and self.report.currency in ("", self.attempt.currency)

    def _is_what_we_asked(self) -> bool:
        said = self.report.amount_minor
        return (said is None or said == self.attempt.amount_minor) and self.report.currency in (
            "",
            self.attempt.currency,
        )

    def _wrong_authorization(self) -> Applied:
        """Another amount than asked is held at the channel: given free, never captured."""
        message = "The channel holds another amount than asked; it is being released."
        self.attempt.fail(code="amount_mismatch", message=message)
        self.attempt.close_wanted, self.attempt.due_at = True, self.now
        self._save_attempt()
        if self.payment.state in LIVE_PAYMENT_STATES:
            self._move("failed", self.payment.fail, code="amount_mismatch", message=message)
            self._tell(events.PAYMENT_FAILED)
        return Applied.CHANGED

    def _collected_before(self) -> Applied:
        """The channel repeats itself, or it charged the payer a second time for the same attempt."""
        another = self.report.channel_id not in ("", self.attempt.channel_id)
        return self._park(SuspenseKind.PAID_TWICE) if another else Applied.NOTHING_NEW

    def _is_parked(self) -> bool:
        """This very transaction stands in suspense: collecting it too would book it twice."""
        return suspense.holds(
            channel_account=self.attempt.channel_account, channel_id=self._channel_id()
        )

    def _channel_id(self) -> str:
        return self.report.channel_id or self.attempt.public_id

    def _drop_capture(self) -> None:
        """A capture that was asked for has nothing left to take."""
        asked = self._asked_capture()
        if asked is not None:
            asked.fail()
            asked.save(update_fields=["state"])

    def _wrong_amount(self) -> Applied:
        message = "The channel took another amount than asked; it is held for review."
        if self.attempt.is_open or self.attempt.state == AttemptState.AUTHORIZED:
            self.attempt.fail(code="amount_mismatch", message=message)
            self._save_attempt()
        return self._hold(SuspenseKind.AMOUNT_MISMATCH, code="amount_mismatch", message=message)

    def _hold(self, kind: SuspenseKind, *, code: str, message: str) -> Applied:
        """Money for a payment that cannot take it. The merchant is told last: its counter of events is
        locked after the ledger's accounts."""
        live = self.payment.state in LIVE_PAYMENT_STATES
        if live:
            self._move("failed", self.payment.fail, code=code, message=message)
        applied = self._park(kind)
        if live:
            self._tell(events.PAYMENT_FAILED)
        return applied

    def _park(self, kind: SuspenseKind) -> Applied:
        item = suspense.park(
            money=UnplacedMoney(
                kind=kind,
                reference=self.attempt.public_id,
                channel_id=self._channel_id(),
                amount_minor=self._taken(),
                currency=self.report.currency or self.attempt.currency,
                occurred_at=self._when(),
            ),
            channel_account=self.attempt.channel_account,
            payment=self.payment,
            by=self.by,
            now=self.now,
        )
        return Applied.PARKED if item else Applied.NOTHING_NEW

    def _move(self, name: str, transition_: Callable[..., None], **values: object) -> None:
        transition_(**values)
        history.append(self.payment, name=name, cause=self.source, by=self.by, now=self.now)

    def _tell(self, type_: str) -> None:
        notices.tell_payment(type_, payment=self.payment, attempt=self.attempt, now=self.now)

    def _ask_again_soon(self) -> None:
        if self.attempt.lease_token is None:
            self.attempt.due_at = self.now + timedelta(seconds=INQUIRY_SCHEDULE_SECONDS[0])

    def _learned_nothing(self) -> Applied:
        """The report is older than what we know; an unknown outcome is known all the same. An attempt
        for an order that another payment has paid meanwhile is closed before the payer pays it too."""
        surplus = self.attempt.is_open and self.order.state not in (
            OrderState.OPEN,
            OrderState.EXPIRED,
        )
        if self.attempt.outcome_unknown or (surplus and not self.attempt.close_wanted):
            self.attempt.outcome_unknown = False
            self.attempt.close_wanted = self.attempt.close_wanted or surplus
            self._save_attempt()
        return Applied.NOTHING_NEW

    def _closed_there(self) -> Applied:
        """We were done with it, and so is the channel: nothing is left to close."""
        if self.attempt.close_wanted:
            self.attempt.close_wanted = False
            self._save_attempt()
        return self._learned_nothing()

    def _save_attempt(self) -> None:
        self.attempt.save(update_fields=ATTEMPT_FIELDS)

    def _when(self) -> datetime:
        return self.report.occurred_at or self.now


def _note(attempt: Attempt, report: ChannelReport) -> None:
    if report.raw:
        attempt.exchange = dict(report.raw)
    attempt.channel_id = attempt.channel_id or report.channel_id
    attempt.channel_state = report.channel_state[:64] or attempt.channel_state


def _unknown(
    report: ChannelReport, channel_account: ChannelAccount, *, by: Actor, now: datetime
) -> Applied:
    """Never a payment out of a callback (reliability 4.10): money goes to suspense, words are ignored."""
    if report.state != PaymentState.SUCCEEDED:
        return Applied.NOTHING_NEW
    taken = report.amount_captured_minor or report.amount_minor
    if not taken or not report.currency:
        return Applied.NOTHING_NEW
    item = suspense.park(
        money=UnplacedMoney(
            kind=SuspenseKind.UNKNOWN_PAYMENT,
            reference=report.reference,
            channel_id=report.channel_id or report.reference,
            amount_minor=taken,
            currency=report.currency,
            occurred_at=report.occurred_at or now,
        ),
        channel_account=channel_account,
        payment=None,
        by=by,
        now=now,
    )
    return Applied.PARKED if item else Applied.NOTHING_NEW


def _ran_out(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at <= now

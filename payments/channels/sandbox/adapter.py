"""The sandbox as a channel: each ability is a call of its client and a translation of the reply."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from urllib.parse import quote

from payments.channels.amounts import to_major
from payments.channels.base import (
    CallbackAnswer,
    CaptureRequest,
    ChannelError,
    ChannelReport,
    CreateRequest,
    Credentials,
    ErrorKind,
    Outcome,
    PaymentRef,
    PaymentState,
    RefundRef,
    RefundRequest,
    RefundState,
    ReportKind,
    StatementRow,
    Verified,
)
from payments.channels.http import AnswerUnknown, ChannelClient
from payments.channels.sandbox import callbacks, statement
from payments.channels.sandbox.client import Reply, SandboxClient
from payments.channels.sandbox.translation import Unreadable, payment_report, plain, refund_report


class SandboxAdapter:
    def __init__(self, credentials: Credentials, client: ChannelClient) -> None:
        self._credentials = credentials
        self._client = SandboxClient(credentials, client)

    def create(self, request: CreateRequest) -> ChannelReport:
        return self._about_payment(
            request.reference,
            lambda: self._client.post(
                "/v1/charges",
                {
                    "reference": request.reference,
                    "amount": to_major(request.amount_minor, request.currency),
                    "currency": request.currency,
                    "capture": request.capture,
                    "method": dict(request.method),
                    "description": request.description,
                    "callback_url": request.callback_url,
                    "return_url": request.return_url,
                },
            ),
            refused=PaymentState.FAILED,
        )

    def query(self, payment: PaymentRef) -> ChannelReport:
        report = self._about_payment(
            payment.reference, lambda: self._client.get(_charge_path(payment))
        )
        return replace(report, outcome=_read_outcome(report))

    def cancel(self, payment: PaymentRef) -> ChannelReport:
        report = self._about_payment(
            payment.reference, lambda: self._client.post(f"{_charge_path(payment)}/close", {})
        )
        if report.state is PaymentState.CANCELED:
            return replace(report, outcome=Outcome.DONE)
        return report

    def capture(self, request: CaptureRequest) -> ChannelReport:
        return self._about_payment(
            request.payment.reference,
            lambda: self._client.post(
                f"{_charge_path(request.payment)}/capture",
                {
                    "reference": request.reference,
                    "amount": to_major(request.amount_minor, request.payment.currency),
                },
            ),
        )

    def refund(self, request: RefundRequest) -> ChannelReport:
        return self._about_refund(
            request.reference,
            request.payment.reference,
            lambda: self._client.post(
                "/v1/refunds",
                {
                    "reference": request.reference,
                    "charge_reference": request.payment.reference,
                    "amount": to_major(request.amount_minor, request.payment.currency),
                    "currency": request.payment.currency,
                    "reason": request.reason,
                    "callback_url": request.callback_url,
                    "metadata": dict(request.metadata),
                },
            ),
            refused=RefundState.FAILED,
        )

    def query_refund(self, refund: RefundRef) -> ChannelReport:
        report = self._about_refund(
            refund.reference,
            refund.payment.reference,
            lambda: self._client.get(f"/v1/refunds/{quote(refund.reference, safe='')}"),
        )
        return replace(report, outcome=_read_outcome(report))

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Verified:
        return callbacks.verify(headers, body, credentials=self._credentials, now=now)

    def translate(self, body: bytes) -> list[ChannelReport]:
        return callbacks.translate(body)

    def ack(self) -> CallbackAnswer:
        return callbacks.ACK

    def nack(self) -> CallbackAnswer:
        return callbacks.NACK

    def fetch_statement(self, day: date) -> bytes:
        try:
            return self._client.download(f"/v1/statements/{day.isoformat()}")
        except AnswerUnknown as failure:
            raise ChannelError(
                kind=ErrorKind.UNKNOWN,
                code="statement_not_fetched",
                message=failure.exchange.problem,
                permanent=False,
                raw=failure.exchange.as_dict(),
            ) from failure

    def parse_statement(self, data: bytes) -> Iterator[StatementRow]:
        return statement.parse(data, credentials=self._credentials)

    def _about_payment(
        self, reference: str, ask: Callable[[], Reply], *, refused: PaymentState | None = None
    ) -> ChannelReport:
        blank = ChannelReport(kind=ReportKind.PAYMENT, outcome=Outcome.UNKNOWN, reference=reference)
        return _told(blank, ask, payment_report, "charge", refused)

    def _about_refund(
        self,
        reference: str,
        payment_reference: str,
        ask: Callable[[], Reply],
        *,
        refused: RefundState | None = None,
    ) -> ChannelReport:
        blank = ChannelReport(
            kind=ReportKind.REFUND,
            outcome=Outcome.UNKNOWN,
            reference=reference,
            payment_reference=payment_reference,
        )
        return _told(blank, ask, refund_report, "refund", refused)


def _told(
    blank: ChannelReport,
    ask: Callable[[], Reply],
    translate: Callable[..., ChannelReport],
    subject: str,
    refused: PaymentState | RefundState | None,
) -> ChannelReport:
    try:
        reply = ask()
    except AnswerUnknown as failure:
        return replace(blank, raw=failure.exchange.as_dict())
    raw = reply.exchange.as_dict()
    try:
        if not reply.refused:
            return translate(reply.data, outcome=None, raw=raw, reference=blank.reference)
        if subject in reply.error:
            report = translate(
                reply.error[subject], outcome=Outcome.REJECTED, raw=raw, reference=blank.reference
            )
        else:
            report = replace(blank, outcome=Outcome.REJECTED, state=refused, raw=raw)
    except Unreadable as error:
        return replace(blank, raw={**raw, "problem": str(error)})
    return replace(
        report,
        failure_code=plain(reply.error.get("code", f"http_{reply.status}"), 64),
        failure_message=plain(reply.error.get("message", ""), 255),
        not_found=reply.error.get("code") == f"{subject}_not_found",
    )


def _read_outcome(report: ChannelReport) -> Outcome:
    """A read is done once the channel told a state; "I know no such number" tells none."""
    return Outcome.UNKNOWN if report.state is None else Outcome.DONE


def _charge_path(payment: PaymentRef) -> str:
    return f"/v1/charges/{quote(payment.reference, safe='')}"

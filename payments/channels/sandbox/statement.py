"""The sandbox's statement: one file per account and UTC day, every charge and refund that happened.

    kind,reference,channel_id,amount,currency,fee,state,occurred_at
    charge,att_1,sbc_1,10.00,CNY,0.06,PAID,2026-01-05T10:00:00.000000+00:00
    refund,ref_1,sbr_1,3.00,CNY,0.00,SUCCEEDED,2026-01-05T11:00:00.000000+00:00
    sum,CNY,1,10.00,1,3.00,0.06
    end,cha_1,2026-01-05,2,5f1d…

A sum line per currency: charges, their amount, refunds, their amount, fees. The last line has the number
of rows and the signature over every byte before it. No field is quoted: none may hold a comma.
"""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from payments.channels.amounts import AmountUnreadable, to_minor
from payments.channels.base import (
    Credentials,
    PaymentState,
    RefundState,
    ReportKind,
    StatementInvalid,
    StatementRow,
)
from payments.channels.sandbox.signing import statement_signature_matches

HEADER = "kind,reference,channel_id,amount,currency,fee,state,occurred_at"
STATES: dict[tuple[str, str], tuple[ReportKind, PaymentState | RefundState]] = {
    ("charge", "PAID"): (ReportKind.PAYMENT, PaymentState.SUCCEEDED),
    ("refund", "SUCCEEDED"): (ReportKind.REFUND, RefundState.SUCCEEDED),
}


def parse(data: bytes, *, credentials: Credentials) -> Iterator[StatementRow]:
    """Raises StatementInvalid at once for a file cut short or changed, while iterating for wrong sums."""
    trailer = _trailer(data)
    rows = _rows(data, trailer)
    if trailer.account != credentials.account_id:
        raise StatementInvalid(trailer.line_number, f"is about account {trailer.account!r}")
    lines = data[: trailer.offset]
    if not statement_signature_matches(trailer.signature, secret=credentials.secret, lines=lines):
        # Where one line is damaged, its number helps more than the trailer's.
        for _ in rows:
            pass
        raise StatementInvalid(trailer.line_number, "the signature does not match")
    return rows


@dataclass(frozen=True, slots=True)
class _Trailer:
    offset: int
    line_number: int
    account: str
    row_count: int
    signature: str


def _trailer(data: bytes) -> _Trailer:
    line_number = max(data.count(b"\n"), 1)
    offset = data.rfind(b"\n", 0, -1) + 1
    try:
        kind, account, _day, row_count, signature = data[offset:].decode().split(",")
    except ValueError:
        kind = ""
    if kind != "end" or not data.endswith(b"\n"):
        raise StatementInvalid(line_number, "the end line is missing: the file was cut short")
    if not (row_count.isascii() and row_count.isdecimal()):
        raise StatementInvalid(line_number, "the number of rows is not a number")
    return _Trailer(offset, line_number, account, int(row_count), signature.strip())


def _rows(data: bytes, trailer: _Trailer) -> Iterator[StatementRow]:
    sums = _Sums()
    rows = 0
    for number, line in _lines(data):
        if number == 1:
            if line != HEADER:
                raise StatementInvalid(1, "the header is not the sandbox's")
        elif number == trailer.line_number:
            break
        elif line.startswith("sum,"):
            sums.claim(number, line)
        else:
            row = _row(number, line)
            sums.add(row)
            rows += 1
            yield row
    if rows != trailer.row_count:
        raise StatementInvalid(
            trailer.line_number, f"{rows} rows, the end line says {trailer.row_count}"
        )
    sums.compare(trailer.line_number)


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(io.BytesIO(data), 1):
        try:
            yield number, line.decode().removesuffix("\n")
        except UnicodeDecodeError as error:
            raise StatementInvalid(number, "is not UTF-8") from error


def _row(number: int, line: str) -> StatementRow:
    # A NUL or a control character fits no column, and hides in no honest file.
    cells = line.split(",") if line.isprintable() else []
    if len(cells) != 8:
        raise StatementInvalid(number, f"{len(cells)} fields, not 8")
    wire_kind, reference, channel_id, amount, currency, fee, wire_state, occurred_at = cells
    try:
        kind, state = STATES[wire_kind, wire_state]
        moment = datetime.fromisoformat(occurred_at)
        if moment.tzinfo is None or not reference or not channel_id:
            raise StatementInvalid(number, "a field is missing")
        return StatementRow(
            kind=kind,
            reference=reference,
            channel_id=channel_id,
            amount_minor=to_minor(amount, currency),
            currency=currency,
            fee_minor=to_minor(fee, currency),
            state=state,
            occurred_at=moment,
            line_number=number,
            raw=line,
        )
    except (KeyError, AmountUnreadable, ValueError) as error:
        raise StatementInvalid(number, f"cannot be read: {error}") from error


class _Sums:
    """What the rows add up to, against what the sum lines claim."""

    def __init__(self) -> None:
        self._found: Counter[tuple[str, str]] = Counter()
        self._claims: dict[str, tuple[int, dict[str, int]]] = {}

    def add(self, row: StatementRow) -> None:
        self._found[row.currency, f"{row.kind}_count"] += 1
        self._found[row.currency, f"{row.kind}_minor"] += row.amount_minor
        self._found[row.currency, "fee_minor"] += row.fee_minor

    def claim(self, number: int, line: str) -> None:
        try:
            _, currency, payments, paid, refunds, refunded, fees = line.split(",")
            claims = {
                "payment_count": int(payments),
                "payment_minor": to_minor(paid, currency),
                "refund_count": int(refunds),
                "refund_minor": to_minor(refunded, currency),
                "fee_minor": to_minor(fees, currency),
            }
        except ValueError as error:
            raise StatementInvalid(number, f"cannot be read: {error}") from error
        self._claims[currency] = (number, claims)

    def compare(self, end_line_number: int) -> None:
        for currency, (number, claims) in self._claims.items():
            for name, claimed in claims.items():
                found = self._found[currency, name]
                if found != claimed:
                    raise StatementInvalid(number, f"{name} in {currency}: {found}, not {claimed}")
        unclaimed = {currency for currency, _ in self._found} - set(self._claims)
        if unclaimed:
            raise StatementInvalid(end_line_number, f"no sum of {', '.join(sorted(unclaimed))}")

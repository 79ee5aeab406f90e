"""The simulator's statements, and the differences that a test or the demo plants in them."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

from payments.channels.amounts import to_major
from payments.channels.sandbox.signing import statement_signature
from payments.channels.sandbox.simulation import movements
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulation.refusal import Refused

HEADER = "kind,reference,channel_id,amount,currency,fee,state,occurred_at"
STATES = {"charge": "PAID", "refund": "SUCCEEDED"}


class Plant(StrEnum):
    UNKNOWN_LINE = "unknown_line"
    AMOUNT_DIFFERS = "amount_differs"
    FEE_DIFFERS = "fee_differs"
    DUPLICATE_LINE = "duplicate_line"
    OMIT_LINE = "omit_line"


@dataclass(frozen=True, slots=True)
class BillLine:
    kind: str
    reference: str
    channel_id: str
    amount_minor: int
    currency: str
    fee_minor: int
    moved_at: float

    def as_csv(self) -> str:
        return ",".join(
            [
                self.kind,
                self.reference,
                self.channel_id,
                to_major(self.amount_minor, self.currency),
                self.currency,
                to_major(self.fee_minor, self.currency),
                STATES[self.kind],
                datetime.fromtimestamp(self.moved_at, UTC).isoformat(),
            ]
        )


def write(db: sqlite3.Connection, account: Account, day: date) -> bytes:
    """What happened, with the planted differences; in itself the file is always consistent."""
    lines = [
        BillLine(
            row["kind"],
            row["reference"],
            row["channel_id"],
            row["amount_minor"],
            row["currency"],
            row["fee_minor"],
            row["moved_at"],
        )
        for row in movements.of_day(db, account.name, day)
    ]
    for row in _plants(db, account.name, day):
        lines = list(_with(Plant(row["kind"]), row["reference"], lines, day))
    text = [HEADER, *(line.as_csv() for line in lines), *_sums(lines)]
    signed = "".join(f"{line}\n" for line in text).encode()
    signature = statement_signature(secret=account.secret, lines=signed)
    return signed + f"end,{account.name},{day.isoformat()},{len(lines)},{signature}\n".encode()


def plant(db: sqlite3.Connection, account: Account, day: date, kind: Plant, reference: str) -> str:
    """The reference that the difference is about: the given one, or a charge of the day. Raises Refused."""
    if not reference and kind is Plant.UNKNOWN_LINE:
        count = len(_plants(db, account.name, day))
        digest = hashlib.sha256(f"{account.name}\n{day}\n{count}".encode()).hexdigest()
        reference = f"unknown_{digest[:16]}"
    elif not reference:
        reference = _unplanted(db, account, day)
    db.execute(
        "INSERT INTO plants (account, day, kind, reference) VALUES (?, ?, ?, ?)",
        (account.name, day.isoformat(), kind, reference),
    )
    return reference


def _plants(db: sqlite3.Connection, account: str, day: date) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT kind, reference FROM plants WHERE account = ? AND day = ? ORDER BY id",
        (account, day.isoformat()),
    ).fetchall()


def _unplanted(db: sqlite3.Connection, account: Account, day: date) -> str:
    taken = {row["reference"] for row in _plants(db, account.name, day)}
    free = [
        str(row["reference"])
        for row in movements.of_day(db, account.name, day)
        if row["kind"] == "charge" and row["reference"] not in taken
    ]
    if not free:
        raise Refused(409, "nothing_to_plant_on", "no charge of that day is left")
    # By digest: spread over the day, and the same choice for the same day.
    return min(free, key=lambda reference: hashlib.sha256(reference.encode()).digest())


def _with(kind: Plant, reference: str, lines: Iterable[BillLine], day: date) -> Iterator[BillLine]:
    if kind is Plant.UNKNOWN_LINE:
        yield from lines
        noon = datetime.combine(day, time(12), UTC).timestamp()
        yield BillLine("charge", reference, f"sbc_{reference}"[:24], 1234, "CNY", 7, noon)
        return
    for line in lines:
        if line.reference != reference:
            yield line
        elif kind is Plant.AMOUNT_DIFFERS:
            yield replace(line, amount_minor=line.amount_minor + 1)
        elif kind is Plant.FEE_DIFFERS:
            yield replace(line, fee_minor=line.fee_minor + 1)
        elif kind is Plant.DUPLICATE_LINE:
            yield from (line, line)


def _sums(lines: Iterable[BillLine]) -> Iterator[str]:
    sums: dict[str, dict[str, int]] = {}
    for line in lines:
        total = sums.setdefault(
            line.currency, {"charge": 0, "charges": 0, "refund": 0, "refunds": 0, "fee": 0}
        )
        total[line.kind] += line.amount_minor
        total[f"{line.kind}s"] += 1
        total["fee"] += line.fee_minor
    for currency, total in sorted(sums.items()):
        charged, refunded, fees = (
            to_major(total[name], currency) for name in ("charge", "refund", "fee")
        )
        yield f"sum,{currency},{total['charges']},{charged},{total['refunds']},{refunded},{fees}"

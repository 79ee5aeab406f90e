"""The simulator's refunds: one per reference, never more than was captured."""

import json
import sqlite3
from datetime import UTC, datetime

from payments.channels.amounts import to_major
from payments.channels.sandbox.simulation import movements, steps
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulation.book import Book
from payments.channels.sandbox.simulation.charges import Charges, Told
from payments.channels.sandbox.simulation.notices import Event, Notices
from payments.channels.sandbox.simulation.refusal import Refused
from payments.channels.sandbox.simulation.requests import RefundRequest
from payments.channels.sandbox.simulation.scenarios import (
    REFUND_SCENARIOS,
    ChargeState,
    RefundState,
)

BANK_SECONDS = 2.0
FAILURE = json.dumps({"code": "account_closed", "message": "The payer's account was closed."})


class Refunds:
    def __init__(self, book: Book, notices: Notices, charges: Charges, *, pace: float) -> None:
        self._book = book
        self._notices = notices
        self._charges = charges
        self._pace = pace

    def create(
        self, db: sqlite3.Connection, account: Account, request: RefundRequest, now: float
    ) -> Told:
        """Raises Refused. The same reference never pays back twice."""
        known = self._find(db, account.name, request.reference)
        if known is not None:
            if known["request"] != request.fingerprint:
                raise Refused(409, "reference_reused", "the reference has other parameters")
            return Told(subject=self.told(known))
        charge = self._charges.get(db, account.name, request.charge_reference)
        self._check(db, charge, request)
        scenario = request.scenario or REFUND_SCENARIOS[charge["refund_scenario"]]
        db.execute(
            "INSERT INTO refunds (account, reference, channel_id, request, charge_reference,"
            " amount_minor, currency, state, callback_url, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account.name,
                request.reference,
                self._book.channel_id("sbr", account.name, request.reference),
                request.fingerprint,
                request.charge_reference,
                request.amount_minor,
                request.currency,
                RefundState.PENDING,
                request.callback_url,
                now,
            ),
        )
        if scenario.begins is not RefundState.PENDING:
            self._become(db, account, request.reference, scenario.begins, now)
        if scenario.becomes is not None:
            steps.plan(
                db,
                kind="refund",
                account=account.name,
                reference=request.reference,
                becomes=scenario.becomes,
                due_at=now + BANK_SECONDS * self._pace,
            )
        return Told(
            subject=self.told(self.get(db, account.name, request.reference)), fault=scenario.fault
        )

    def step(self, db: sqlite3.Connection, account: Account, step: sqlite3.Row, now: float) -> None:
        self._become(db, account, step["reference"], RefundState(step["becomes"]), now)

    def get(self, db: sqlite3.Connection, account: str, reference: str) -> sqlite3.Row:
        """Raises Refused."""
        refund = self._find(db, account, reference)
        if refund is None:
            raise Refused(404, "refund_not_found", f"no refund {reference}")
        return refund

    def told(self, refund: sqlite3.Row) -> dict[str, object]:
        return {
            "id": refund["channel_id"],
            "reference": refund["reference"],
            "charge_reference": refund["charge_reference"],
            "state": refund["state"],
            "amount": to_major(refund["amount_minor"], refund["currency"]),
            "currency": refund["currency"],
            "failure": json.loads(refund["failure"]) if refund["failure"] else None,
            "updated_at": datetime.fromtimestamp(refund["updated_at"], UTC).isoformat(),
        }

    def _check(self, db: sqlite3.Connection, charge: sqlite3.Row, request: RefundRequest) -> None:
        if charge["state"] != ChargeState.PAID:
            raise Refused(422, "charge_not_paid", f"the charge is {charge['state']}")
        if charge["currency"] != request.currency:
            raise Refused(422, "currency_mismatch", f"the charge is in {charge['currency']}")
        promised = db.execute(
            "SELECT COALESCE(SUM(amount_minor), 0) FROM refunds"
            " WHERE account = ? AND charge_reference = ? AND state != 'FAILED'",
            (charge["account"], charge["reference"]),
        ).fetchone()[0]
        if promised + request.amount_minor > charge["captured_minor"]:
            raise Refused(422, "amount_exceeds_captured", "more than is left of the charge")

    def _become(
        self,
        db: sqlite3.Connection,
        account: Account,
        reference: str,
        state: RefundState,
        now: float,
    ) -> None:
        db.execute(
            "UPDATE refunds SET state = ?, failure = ?, updated_at = ?"
            " WHERE account = ? AND reference = ?",
            (state, FAILURE if state is RefundState.FAILED else "", now, account.name, reference),
        )
        refund = self.get(db, account.name, reference)
        if state is RefundState.SUCCEEDED:
            movements.write(
                db,
                kind="refund",
                account=account,
                thing=refund,
                amount_minor=refund["amount_minor"],
                now=now,
            )
        event = Event(
            account=account.name,
            url=refund["callback_url"],
            subject="refund",
            told=self.told(refund),
            at=now,
        )
        self._notices.owe(db, event)

    def _find(self, db: sqlite3.Connection, account: str, reference: str) -> sqlite3.Row | None:
        row = db.execute(
            "SELECT * FROM refunds WHERE account = ? AND reference = ?", (account, reference)
        ).fetchone()
        return row if isinstance(row, sqlite3.Row) else None

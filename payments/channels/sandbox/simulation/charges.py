"""The simulator's charges: one per reference, whatever happens to the answer."""

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime

from payments.channels.amounts import to_major
from payments.channels.sandbox.simulation import movements, steps
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulation.book import Book
from payments.channels.sandbox.simulation.notices import Event, Notices
from payments.channels.sandbox.simulation.refusal import Refused
from payments.channels.sandbox.simulation.requests import ChargeRequest
from payments.channels.sandbox.simulation.scenarios import (
    SCENARIOS,
    ChargeState,
    Fault,
    Scenario,
    Telling,
    capture_fault,
)

PAYER_SECONDS = 2.0
LATE_PAYER_SECONDS = 4.0
OPEN = {ChargeState.WAITING_FOR_PAYER, ChargeState.PENDING}
DECLINE = json.dumps({"code": "insufficient_funds", "message": "The payer's bank said no."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What to answer, what goes wrong with the answer, and the notices that must arrive before it."""

    subject: dict[str, object] = field(default_factory=dict)
    fault: Fault = Fault.NONE
    notices_first: list[int] = field(default_factory=list)


class Charges:
    def __init__(self, book: Book, notices: Notices, *, pace: float, pay_url: str) -> None:
        self._book = book
        self._notices = notices
        self._pace = pace
        self._pay_url = pay_url

    def create(
        self, db: sqlite3.Connection, account: Account, request: ChargeRequest, now: float
    ) -> Told:
        """Raises Refused. The same reference never charges twice."""
        known = self._find(db, account.name, request.reference)
        if known is not None:
            return self._again(db, known, request)
        scenario = request.scenario
        if scenario.begins is None:
            return Told(fault=scenario.fault)
        db.execute(
            "INSERT INTO charges (account, reference, channel_id, request, scenario, amount_minor,"
            " currency, manual, state, capture_scenario, refund_scenario, hidden_inquiries,"
            " callback_url, return_url, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account.name,
                request.reference,
                self._book.channel_id("sbc", account.name, request.reference),
                request.fingerprint,
                request.scenario_name,
                request.amount_minor + scenario.surplus_minor,
                request.currency,
                request.manual,
                ChargeState.PENDING,
                request.capture_scenario,
                request.refund_scenario,
                scenario.hidden_inquiries,
                request.callback_url,
                request.return_url,
                now,
            ),
        )
        charge = self.get(db, account.name, request.reference)
        notices = self._begin(db, account, charge, scenario, now)
        return Told(
            subject=self.told(db, self.get(db, account.name, request.reference)),
            fault=scenario.fault,
            notices_first=notices if scenario.telling is Telling.BEFORE_ANSWER else [],
        )

    def inquire(self, db: sqlite3.Connection, account: str, reference: str) -> dict[str, object]:
        """Empty for a charge that inquiries cannot see yet. Raises Refused for one that is not there."""
        charge = self.get(db, account, reference)
        if charge["hidden_inquiries"] > 0:
            db.execute(
                "UPDATE charges SET hidden_inquiries = hidden_inquiries - 1"
                " WHERE account = ? AND reference = ?",
                (account, reference),
            )
            return {}
        return self.told(db, charge)

    def capture(
        self,
        db: sqlite3.Connection,
        account: Account,
        reference: str,
        *,
        amount_minor: int,
        captured_as: str,
        now: float,
    ) -> Told:
        """Raises Refused. Once: the rest of the authorization is let go."""
        charge = self.get(db, account.name, reference)
        if charge["captured_as"]:
            if (charge["captured_as"], charge["captured_minor"]) != (captured_as, amount_minor):
                raise self._stands_in_the_way(db, charge, "charge_already_captured")
            return Told(subject=self.told(db, charge))
        if charge["state"] != ChargeState.AUTHORIZED:
            raise self._stands_in_the_way(db, charge, "charge_not_authorized")
        if amount_minor > charge["amount_minor"]:
            raise self._stands_in_the_way(db, charge, "amount_exceeds_authorized")
        self._take(db, account, charge, amount_minor, captured_as, now)
        self._tell(db, account.name, reference, now)
        return Told(
            subject=self.told(db, self.get(db, account.name, reference)),
            fault=capture_fault(charge["capture_scenario"]),
        )

    def close(
        self, db: sqlite3.Connection, account: Account, reference: str, now: float
    ) -> dict[str, object]:
        """Raises Refused. A number that is not known is closed too, so that no charge can come under it."""
        charge = self._find(db, account.name, reference)
        if charge is None:
            db.execute(
                "INSERT INTO charges (account, reference, channel_id, request, scenario, currency,"
                " manual, state, callback_url, return_url, updated_at)"
                " VALUES (?, ?, '', '', '', '', 0, ?, '', '', ?)",
                (account.name, reference, ChargeState.CLOSED, now),
            )
            return self.told(db, self.get(db, account.name, reference))
        if charge["state"] in {ChargeState.PAID, ChargeState.DECLINED}:
            raise self._stands_in_the_way(db, charge, "charge_not_open")
        if charge["state"] != ChargeState.CLOSED:
            self._enter(db, charge, ChargeState.CLOSED, now)
            steps.forget(db, account=account.name, reference=reference)
            if SCENARIOS[charge["scenario"]].comes_back_after_close:
                self._plan(db, charge, ChargeState.PAID, now + LATE_PAYER_SECONDS * self._pace)
        return self.told(db, self.get(db, account.name, reference))

    def decide(
        self, db: sqlite3.Connection, account: Account, reference: str, *, pay: bool, now: float
    ) -> sqlite3.Row:
        """The payer pays or declines. Raises Refused."""
        charge = self.get(db, account.name, reference)
        if charge["state"] == ChargeState.WAITING_FOR_PAYER:
            becomes = ChargeState.PAID if pay else ChargeState.DECLINED
            self.become(db, account, charge, becomes, now)
        return self.get(db, account.name, reference)

    def become(
        self,
        db: sqlite3.Connection,
        account: Account,
        charge: sqlite3.Row,
        state: ChargeState,
        now: float,
    ) -> list[int]:
        """The charge moves on by itself, and tells."""
        before = self.told(db, charge)
        if state is ChargeState.PAID and not charge["manual"]:
            self._take(db, account, charge, charge["amount_minor"], "", now)
        elif state is ChargeState.PAID:
            self._enter(db, charge, ChargeState.AUTHORIZED, now)
        else:
            self._enter(db, charge, state, now, failure=DECLINE)
        notices = self._tell(db, account.name, charge["reference"], now)
        telling = SCENARIOS[charge["scenario"]].telling
        if telling is Telling.BEFORE_OLDER_NEWS and notices:
            older = self._event(charge, before, at=charge["updated_at"])
            self._notices.owe(db, older, after_notice=notices[-1])
        return notices

    def step(self, db: sqlite3.Connection, account: Account, step: sqlite3.Row, now: float) -> None:
        charge = self.get(db, account.name, step["reference"])
        late = (
            charge["state"] == ChargeState.CLOSED
            and SCENARIOS[charge["scenario"]].comes_back_after_close
        )
        if late or charge["state"] in OPEN:
            self.become(db, account, charge, ChargeState(step["becomes"]), now)

    def get(self, db: sqlite3.Connection, account: str, reference: str) -> sqlite3.Row:
        """Raises Refused."""
        charge = self._find(db, account, reference)
        if charge is None:
            raise Refused(404, "charge_not_found", f"no charge {reference}")
        return charge

    def told(self, db: sqlite3.Connection, charge: sqlite3.Row) -> dict[str, object]:
        refunded = db.execute(
            "SELECT COALESCE(SUM(amount_minor), 0) FROM refunds"
            " WHERE account = ? AND charge_reference = ? AND state = 'SUCCEEDED'",
            (charge["account"], charge["reference"]),
        ).fetchone()[0]
        # A number that was closed before any charge came under it has no amounts.
        currency = charge["currency"]
        waiting = charge["state"] == ChargeState.WAITING_FOR_PAYER
        return {
            "id": charge["channel_id"],
            "reference": charge["reference"],
            "state": charge["state"],
            "amount": to_major(charge["amount_minor"], currency) if currency else None,
            "currency": currency,
            "captured_amount": to_major(charge["captured_minor"], currency) if currency else None,
            "refunded_amount": to_major(refunded, currency) if currency else None,
            "redirect_url": (
                f"{self._pay_url}/{charge['reference']}?account={charge['account']}"
                if waiting
                else None
            ),
            "failure": json.loads(charge["failure"]) if charge["failure"] else None,
            "updated_at": datetime.fromtimestamp(charge["updated_at"], UTC).isoformat(),
        }

    def _again(self, db: sqlite3.Connection, charge: sqlite3.Row, request: ChargeRequest) -> Told:
        if not charge["request"]:
            raise self._stands_in_the_way(db, charge, "reference_closed")
        if charge["request"] != request.fingerprint:
            raise Refused(409, "reference_reused", "the reference has other parameters")
        return Told(subject=self.told(db, charge))

    def _begin(
        self,
        db: sqlite3.Connection,
        account: Account,
        charge: sqlite3.Row,
        scenario: Scenario,
        now: float,
    ) -> list[int]:
        if scenario.forges_success:
            self._forge(db, charge, now)
        if scenario.becomes is not None:
            self._plan(db, charge, scenario.becomes, now + PAYER_SECONDS * self._pace)
        if scenario.begins in OPEN:
            self._enter(db, charge, scenario.begins, now)
            return []
        return self.become(db, account, charge, scenario.begins or ChargeState.PAID, now)

    def _find(self, db: sqlite3.Connection, account: str, reference: str) -> sqlite3.Row | None:
        row = db.execute(
            "SELECT * FROM charges WHERE account = ? AND reference = ?", (account, reference)
        ).fetchone()
        return row if isinstance(row, sqlite3.Row) else None

    def _enter(
        self,
        db: sqlite3.Connection,
        charge: sqlite3.Row,
        state: ChargeState,
        now: float,
        failure: str = "",
    ) -> None:
        db.execute(
            "UPDATE charges SET state = ?, failure = ?, updated_at = ?"
            " WHERE account = ? AND reference = ?",
            (state, failure, now, charge["account"], charge["reference"]),
        )

    def _take(
        self,
        db: sqlite3.Connection,
        account: Account,
        charge: sqlite3.Row,
        amount_minor: int,
        captured_as: str,
        now: float,
    ) -> None:
        self._enter(db, charge, ChargeState.PAID, now)
        db.execute(
            "UPDATE charges SET captured_minor = ?, captured_as = ?"
            " WHERE account = ? AND reference = ?",
            (amount_minor, captured_as, account.name, charge["reference"]),
        )
        movements.write(
            db, kind="charge", account=account, thing=charge, amount_minor=amount_minor, now=now
        )

    def _tell(self, db: sqlite3.Connection, account: str, reference: str, now: float) -> list[int]:
        charge = self.get(db, account, reference)
        telling = SCENARIOS[charge["scenario"]].telling
        return self._notices.owe(
            db,
            self._event(charge, self.told(db, charge), at=now),
            times=2 if telling is Telling.TWICE else 1,
            held=telling is Telling.HELD,
        )

    def _forge(self, db: sqlite3.Connection, charge: sqlite3.Row, now: float) -> None:
        told = self.told(db, charge)
        lie = {**told, "state": ChargeState.PAID, "captured_amount": told["amount"]}
        self._notices.owe(db, self._event(charge, lie, at=now), forged=True)

    def _event(self, charge: sqlite3.Row, told: dict[str, object], *, at: float) -> Event:
        return Event(
            account=charge["account"],
            url=charge["callback_url"],
            subject="charge",
            told=told,
            at=at,
        )

    def _plan(
        self, db: sqlite3.Connection, charge: sqlite3.Row, becomes: ChargeState, due_at: float
    ) -> None:
        steps.plan(
            db,
            kind="charge",
            account=charge["account"],
            reference=charge["reference"],
            becomes=becomes,
            due_at=due_at,
        )

    def _stands_in_the_way(self, db: sqlite3.Connection, charge: sqlite3.Row, code: str) -> Refused:
        message = f"the charge is {charge['state']}"
        return Refused(409, code, message, {"charge": self.told(db, charge)})

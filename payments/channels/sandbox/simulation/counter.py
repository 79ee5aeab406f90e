"""What is open to everybody on this machine: the payer's page, the witness's book, the demo's controls."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs

from payments.channels.sandbox.simulation import accounts, bills, movements, pages, requests
from payments.channels.sandbox.simulation.accounts import FEE_BPS, Account
from payments.channels.sandbox.simulation.bills import Plant
from payments.channels.sandbox.simulation.book import Book
from payments.channels.sandbox.simulation.charges import Charges
from payments.channels.sandbox.simulation.desk import parsed_day
from payments.channels.sandbox.simulation.messages import Answer, Request, as_json, as_page
from payments.channels.sandbox.simulation.notices import Notices
from payments.channels.sandbox.simulation.refusal import Refused
from payments.channels.sandbox.simulation.scenarios import ChargeState


class Counter:
    def __init__(self, book: Book, charges: Charges, notices: Notices) -> None:
        self._book = book
        self._charges = charges
        self._notices = notices
        self._routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/health"): self._health,
            ("GET", "/book"): self._totals,
            ("GET", "/book/movements"): self._movements,
            ("POST", "/control/accounts"): self._open_account,
            ("POST", "/control/plants"): self._plant,
            ("POST", "/control/callbacks/release"): self._release,
        }

    def answer(self, request: Request) -> Answer:
        """Raises Refused."""
        path = request.path.rstrip("/")
        if path.startswith("/pay/") and request.method in {"GET", "POST"}:
            return self._pay(request, path.removeprefix("/pay/"))
        handler = self._routes.get((request.method, path))
        if handler is None:
            raise Refused(404, "path_unknown", f"{request.method} {request.path}")
        return handler(request)

    def _health(self, _: Request) -> Answer:
        return as_json({"ok": True})

    def _totals(self, _: Request) -> Answer:
        with self._book.writing() as db:
            return as_json(movements.totals(db))

    def _movements(self, request: Request) -> Answer:
        with self._book.writing() as db:
            return as_json({"data": movements.every(db, request.query.get("account", ""))})

    def _pay(self, request: Request, reference: str) -> Answer:
        name = request.query.get("account", "")
        decision = parse_qs(request.body.decode("ascii", "replace")).get("decision", [""])[0]
        try:
            with self._book.writing() as db:
                account = accounts.get(db, name)
                charge = self._charges.get(db, name, reference)
                if request.method == "POST" and decision in {"approve", "decline"}:
                    charge = self._charges.decide(
                        db, account, reference, pay=decision == "approve", now=time.time()
                    )
        except Refused:
            return as_page(pages.problem("We know no such order."), status=404)
        if charge["state"] == ChargeState.WAITING_FOR_PAYER:
            return as_page(pages.ask(charge))
        if request.method == "POST" and charge["return_url"]:
            return Answer(status=303, location=charge["return_url"])
        return as_page(pages.result(charge))

    def _open_account(self, request: Request) -> Answer:
        data = requests.body(request.body)
        secret = data.get("secret")
        fees = (data.get("fee_bps", FEE_BPS), data.get("fee_fixed_minor", 0))
        if not (isinstance(secret, str) and secret):
            raise Refused(400, "secret_missing", "an account needs a secret")
        if not all(isinstance(fee, int) and 0 <= fee <= 1_000_000 for fee in fees):
            raise Refused(400, "fee_invalid", "fees are whole numbers of 0 and more")
        account = Account(requests.reference(data, "account"), secret.encode(), *fees)
        with self._book.writing() as db:
            accounts.save(db, account)
        return as_json({"account": account.name})

    def _plant(self, request: Request) -> Answer:
        data = requests.body(request.body)
        try:
            kind = Plant(str(data.get("kind")))
        except ValueError:
            raise Refused(422, "plant_unknown", f"one of {', '.join(Plant)}") from None
        day = parsed_day(data.get("day"))
        reference = requests.reference(data, "reference") if data.get("reference") else ""
        with self._book.writing() as db:
            account = accounts.get(db, str(data.get("account")))
            reference = bills.plant(db, account, day, kind, reference)
        return as_json({"kind": kind, "reference": reference})

    def _release(self, request: Request) -> Answer:
        reference = str(requests.body(request.body).get("reference", ""))
        with self._book.writing() as db:
            return as_json({"released": self._notices.release(db, reference, time.time())})

"""The merchant's desk: signed requests in, charges and refunds out."""

import re
import time
from collections.abc import Callable
from datetime import date

from payments.channels.sandbox.signing import ACCOUNT_HEADER, SignatureRefused, check_request
from payments.channels.sandbox.simulation import accounts, bills, requests
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulation.book import Book
from payments.channels.sandbox.simulation.charges import Charges, Told
from payments.channels.sandbox.simulation.messages import Answer, Request, as_json
from payments.channels.sandbox.simulation.refunds import Refunds
from payments.channels.sandbox.simulation.refusal import Refused

Handler = Callable[[Account, Request, str], Answer]


class Desk:
    def __init__(self, book: Book, charges: Charges, refunds: Refunds) -> None:
        self._book = book
        self._charges = charges
        self._refunds = refunds
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = [
            ("POST", re.compile(r"/v1/charges()"), self._charge),
            ("GET", re.compile(r"/v1/charges/([^/]+)"), self._inquire),
            ("POST", re.compile(r"/v1/charges/([^/]+)/capture"), self._capture),
            ("POST", re.compile(r"/v1/charges/([^/]+)/close"), self._close),
            ("POST", re.compile(r"/v1/refunds()"), self._refund),
            ("GET", re.compile(r"/v1/refunds/([^/]+)"), self._inquire_refund),
            ("GET", re.compile(r"/v1/statements/([^/]+)"), self._statement),
        ]

    def answer(self, request: Request) -> Answer:
        """Raises Refused."""
        account = self._authenticated(request)
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match is not None and method == request.method:
                return handler(account, request, match[1])
        raise Refused(404, "path_unknown", f"{request.method} {request.path}")

    def _authenticated(self, request: Request) -> Account:
        with self._book.writing() as db:
            account = accounts.get(db, request.headers.get(ACCOUNT_HEADER.lower(), ""))
        try:
            check_request(
                request.headers,
                account=account.name,
                secret=account.secret,
                method=request.method,
                path=request.path,
                body=request.body,
                now=time.time(),
            )
        except SignatureRefused as refusal:
            raise Refused(401, refusal.reason, "the request is not signed as it should") from None
        return account

    def _charge(self, account: Account, request: Request, _: str) -> Answer:
        wanted = requests.charge(requests.body(request.body))
        with self._book.writing() as db:
            return _told(self._charges.create(db, account, wanted, time.time()))

    def _inquire(self, account: Account, _: Request, reference: str) -> Answer:
        with self._book.writing() as db:
            charge = self._charges.inquire(db, account.name, reference)
        if not charge:
            raise Refused(404, "charge_not_found", f"no charge {reference}")
        return as_json(charge)

    def _capture(self, account: Account, request: Request, reference: str) -> Answer:
        data = requests.body(request.body)
        captured_as = requests.reference(data, "reference")
        with self._book.writing() as db:
            charge = self._charges.get(db, account.name, reference)
            return _told(
                self._charges.capture(
                    db,
                    account,
                    reference,
                    amount_minor=requests.amount(data, charge["currency"]),
                    captured_as=captured_as,
                    now=time.time(),
                )
            )

    def _close(self, account: Account, _: Request, reference: str) -> Answer:
        requests.reference({"reference": reference}, "reference")
        with self._book.writing() as db:
            return as_json(self._charges.close(db, account, reference, time.time()))

    def _refund(self, account: Account, request: Request, _: str) -> Answer:
        wanted = requests.refund(requests.body(request.body))
        with self._book.writing() as db:
            return _told(self._refunds.create(db, account, wanted, time.time()))

    def _inquire_refund(self, account: Account, _: Request, reference: str) -> Answer:
        with self._book.writing() as db:
            return as_json(self._refunds.told(self._refunds.get(db, account.name, reference)))

    def _statement(self, account: Account, _: Request, day: str) -> Answer:
        with self._book.writing() as db:
            statement = bills.write(db, account, parsed_day(day))
        return Answer(content_type="text/csv; charset=utf-8", body=statement)


def parsed_day(text: object) -> date:
    """Raises Refused."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise Refused(400, "date_invalid", "the day must be YYYY-MM-DD") from None


def _told(told: Told) -> Answer:
    return as_json(told.subject, fault=told.fault, first=told.notices_first)

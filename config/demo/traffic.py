"""The shops at work: they ask for money, capture, cancel and refund, over bad lines where planned."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from config.demo.client import Answer, Client, Tally
from config.demo.patience import patiently
from config.demo.plan import ENDED, Payer, PlannedPayment, PlannedRefund, Submission, Then

THREADS = 12
# The platform has the request by then, and has not answered yet.
HANG_UP_AFTER_SECONDS = 0.02
PAYER_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 1.0
IN_HAND = ("succeeded", "partially_refunded")

T = TypeVar("T")
R = TypeVar("R")


class Refused(Exception):
    """The platform says no to something that it should have done."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment that a shop asked for, as it stood then."""

    planned: PlannedPayment
    payment: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.payment["id"])

    @property
    def reference(self) -> str:
        """What the payment is called at the channel."""
        return str(self.payment["latest_attempt"]["id"])


class Traffic:
    """What the platform refuses though it should not is noted in `refused`; the day goes on."""

    def __init__(self, *, clients: Mapping[str, Client], day: str, tally: Tally) -> None:
        self._clients = clients
        self._day = day
        self._tally = tally
        self._payers = httpx2.Client(timeout=PAYER_SECONDS, trust_env=False)
        self.refused: list[str] = []

    def take(
        self, planned: Iterable[PlannedPayment], *, progress: Callable[[int], None]
    ) -> list[Asked]:
        """Every payment asked for, captured or canceled as its shop wants it."""
        return [one for one in _all_at_work(self._ask, planned, progress) if one]

    def refund(self, asked: Iterable[Asked], *, progress: Callable[[int], None]) -> None:
        """The planned refunds of what was collected."""
        _all_at_work(self._refund, asked, progress)

    def reference(self, planned: PlannedPayment) -> str:
        # A letter between: so many digits in a row might be taken for a card number.
        return f"{self._day}-n{planned.number:04d}"

    def close(self) -> None:
        self._payers.close()

    def _ask(self, planned: PlannedPayment) -> Asked | None:
        client = self._clients[planned.shop]
        asked = None
        try:
            payment = self._submit(client, planned)
            asked = Asked(planned, payment)
            if payment["next_action"]:
                url = str(payment["next_action"]["url"])
                self._stand_at_the_banks_page(planned.case.payer, url)
            self._then(client, planned, payment)
        except Refused as refused:
            self.refused.append(str(refused))
        return asked

    def _body(self, planned: PlannedPayment) -> dict[str, object]:
        case = planned.case
        method = {"type": "sandbox", "scenario": case.scenario}
        if case.manual:
            method["capture_scenario"] = case.capture_scenario
        return {
            "reference": self.reference(planned),
            "amount": planned.amount_minor,
            "currency": planned.currency,
            "description": f"Order {planned.number} of the day",
            "capture": "manual" if case.manual else "automatic",
            "method": method,
            "confirm": True,
            "expires_in": case.expires_in,
        }

    def _submit(self, client: Client, planned: PlannedPayment) -> Mapping[str, Any]:
        body, key = self._body(planned), self.reference(planned)
        match planned.case.submission:
            case Submission.ONCE:
                answer = client.post("/v1/payments", body, key=key)
            case Submission.TWICE_AT_ONCE:
                answer = self._twice_at_once(client, body, key)
            case Submission.LINE_CUT:
                answer = client.post("/v1/payments", body, key=key, cut_after=HANG_UP_AFTER_SECONDS)
            case Submission.NEW_KEY:
                answer = self._again_under_a_new_key(client, body, key)
        return _granted(answer, key)

    def _twice_at_once(self, client: Client, body: Mapping[str, object], key: str) -> Answer:
        """An impatient customer's double click."""
        self._tally.count("sent_twice_at_once")
        answers: list[Answer] = []
        second = threading.Thread(
            target=lambda: answers.append(client.post("/v1/payments", body, key=key))
        )
        second.start()
        first = client.post("/v1/payments", body, key=key)
        second.join()
        if not answers or answers[0].data.get("id") != first.data.get("id"):
            raise Refused(f"{key}: the same request twice had two answers")
        return first

    def _again_under_a_new_key(
        self, client: Client, body: Mapping[str, object], key: str
    ) -> Answer:
        """A shop that lost its keys: its order reference still stands for one sale."""
        self._tally.count("sent_under_a_new_key")
        first = client.post("/v1/payments", body, key=key)
        second = client.post("/v1/payments", body, key=f"{key}-forgotten")
        if second.code != "reference_taken":
            raise Refused(f"{key}: sent under a new key: {second.status} {second.code}")
        return first

    def _stand_at_the_banks_page(self, payer: Payer, url: str) -> None:
        if payer is Payer.LEAVES:
            return
        decision = "approve" if payer is Payer.PAYS else "decline"
        # A page that does not load is loaded again.
        patiently(lambda: self._payers.post(url, data={"decision": decision}))

    def _then(self, client: Client, planned: PlannedPayment, payment: Mapping[str, Any]) -> None:
        match planned.case.then:
            case Then.NOTHING:
                return
            case Then.CAPTURE:
                self._wait_for(client, payment, "authorized")
                path, body = "capture", _amount(planned.captured_minor, planned.amount_minor)
            case Then.CANCEL:
                path, body = "cancel", {}
        key = f"{self.reference(planned)}-{path}"
        _granted(client.post(f"/v1/payments/{payment['id']}/{path}", body, key=key), key)

    def _wait_for(self, client: Client, payment: Mapping[str, Any], *states: str) -> None:
        """A channel that was slow to answer is asked again by the platform; the shop looks again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while payment["state"] not in states:
            if payment["state"] in ENDED or time.monotonic() > deadline:
                raise Refused(f"{payment['reference']} is {payment['state']}, not {states[0]}")
            time.sleep(LOOK_AGAIN_SECONDS)
            payment = client.get(f"/v1/payments/{payment['id']}").data

    def _refund(self, asked: Asked) -> None:
        client = self._clients[asked.planned.shop]
        try:
            for number, refund in enumerate(asked.planned.case.refunds, start=1):
                key = f"{self.reference(asked.planned)}-refund-{number}"
                self._wait_for(client, asked.payment, *IN_HAND)
                _granted(client.post("/v1/refunds", _refund_body(asked, refund), key=key), key)
        except Refused as refused:
            self.refused.append(str(refused))


def _granted(answer: Answer, key: str) -> Mapping[str, Any]:
    """What was asked for. Raises Refused."""
    if answer.is_refusal:
        raise Refused(f"{key}: {answer.status} {answer.code}")
    return answer.data


def _refund_body(asked: Asked, refund: PlannedRefund) -> dict[str, object]:
    collected = asked.planned.captured_minor
    part = {"amount": max(collected * refund.share // 100, 1)} if refund.share else {}
    return {
        "payment": asked.id,
        "reason": "Returned by the customer",
        "metadata": {"refund_scenario": refund.scenario},
        **part,
    }


def _amount(captured_minor: int, authorized_minor: int) -> dict[str, object]:
    return {} if captured_minor == authorized_minor else {"amount": captured_minor}


def _all_at_work(
    work: Callable[[T], R], things: Iterable[T], progress: Callable[[int], None]
) -> list[R]:
    """In twelve threads, in the order given. The first failure ends it."""
    with ThreadPoolExecutor(THREADS) as threads:
        running: list[Future[R]] = [threads.submit(work, thing) for thing in things]
        try:
            for done, finished in zip(itertools.count(1), as_completed(running), strict=False):
                finished.result()
                progress(done)
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
        return [one.result() for one in running]

"""The simulator's own clock: does what is due, delivers callbacks, and never stops trying too early."""

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import structlog

from payments.channels.http import trusted
from payments.channels.sandbox.signing import callback_headers
from payments.channels.sandbox.simulation import accounts, steps
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulation.book import Book
from payments.channels.sandbox.simulation.notices import Notices

DELIVERIES_AT_ONCE = 8
IN_FLIGHT_AT_MOST = 64
DELIVERY_TIMEOUT_SECONDS = 5.0
LONGEST_SLEEP_SECONDS = 5.0
FORGERS_SECRET = b"not the account's secret"

Step = Callable[[sqlite3.Connection, Account, sqlite3.Row, float], None]

log = structlog.get_logger(__name__)


class Courier:
    def __init__(self, book: Book, notices: Notices, step_by_kind: dict[str, Step]) -> None:
        self._book = book
        self._notices = notices
        self._step_by_kind = step_by_kind
        self._http = httpx2.Client(
            follow_redirects=False,
            trust_env=False,
            verify=trusted(),
            timeout=DELIVERY_TIMEOUT_SECONDS,
        )
        self._changed = threading.Condition()
        self._stopping = False
        self._in_flight: set[int] = set()
        self._pool = ThreadPoolExecutor(DELIVERIES_AT_ONCE, thread_name_prefix="courier")
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, notices: list[int], *, seconds: float) -> None:
        """Until they have left, or until patience ends."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._changed.notify_all()
            while not self._stopping and (left := deadline - time.monotonic()) > 0:
                with self._book.writing() as db:
                    if not self._notices.still_waiting(db, notices):
                        return
                self._changed.wait(left)

    def _run(self) -> None:
        while not self._stopping:
            while self._take_step():
                pass
            self._hand_out()
            with self._changed:
                if not self._stopping:
                    self._changed.wait(self._pause())

    def _take_step(self) -> bool:
        now = time.time()
        with self._book.writing() as db:
            step = steps.take_due(db, now)
            if step is None:
                return False
            account = accounts.get(db, step["account"])
            self._step_by_kind[step["kind"]](db, account, step, now)
        return True

    def _hand_out(self) -> None:
        with self._book.writing() as db:
            due = self._notices.due(db, time.time(), limit=2 * IN_FLIGHT_AT_MOST)
        with self._changed:
            free = IN_FLIGHT_AT_MOST - len(self._in_flight)
            fresh = [notice for notice in due if notice["id"] not in self._in_flight][:free]
            self._in_flight.update(notice["id"] for notice in fresh)
        for notice in fresh:
            self._pool.submit(self._deliver, notice)

    def _deliver(self, notice: sqlite3.Row) -> None:
        try:
            accepted = self._send(notice)
            with self._book.writing() as db:
                # A forger does not insist.
                if accepted or notice["forged"]:
                    self._notices.delivered(db, notice["id"])
                else:
                    self._notices.failed(db, notice, time.time())
        except Exception:
            # The pool would keep it to itself.
            log.exception("callback_delivery_broke", notice=notice["id"])
            raise
        finally:
            with self._changed:
                self._in_flight.discard(notice["id"])
                self._changed.notify_all()

    def _send(self, notice: sqlite3.Row) -> bool:
        with self._book.writing() as db:
            account = accounts.get(db, notice["account"])
        headers = callback_headers(
            account=account.name,
            secret=FORGERS_SECRET if notice["forged"] else account.secret,
            timestamp=int(time.time()),
            body=notice["body"],
        )
        try:
            answer = self._http.post(
                notice["url"],
                content=notice["body"],
                headers={"Content-Type": "application/json", **headers},
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            log.info("callback_not_delivered", url=notice["url"], problem=type(error).__name__)
            return False
        return answer.is_success

    def _pause(self) -> float:
        """Until the next thing is due; what is in flight wakes us when it lands."""
        with self._book.writing() as db:
            due_at = steps.next_due_at(db)
        if due_at is None:
            return LONGEST_SLEEP_SECONDS
        pause = min(due_at - time.time(), LONGEST_SLEEP_SECONDS)
        # Due already and still there: in flight, or waiting for another notice.
        return pause if pause > 0 else 0.05

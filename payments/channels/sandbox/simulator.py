"""The sandbox's simulator: a bank in another process, with its own book, in its own file."""

import signal
import threading
from pathlib import Path
from types import TracebackType

from payments.channels.sandbox.simulation import accounts
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulation.book import Book
from payments.channels.sandbox.simulation.charges import Charges
from payments.channels.sandbox.simulation.counter import Counter
from payments.channels.sandbox.simulation.courier import Courier
from payments.channels.sandbox.simulation.desk import Desk
from payments.channels.sandbox.simulation.messages import Answer, Request
from payments.channels.sandbox.simulation.notices import Notices
from payments.channels.sandbox.simulation.refunds import Refunds
from payments.channels.sandbox.simulation.server import Server

DEFAULT_SEED = "zerosum"
PATIENCE_FOR_A_CALLBACK_SECONDS = 5.0


class Simulator:
    """Serving from the moment it is made, until it is stopped."""

    def __init__(
        self,
        *,
        port: int,
        book: Path,
        pace: float,
        seed: str,
        host: str,
        open_accounts: tuple[Account, ...],
    ) -> None:
        self._book = Book(book, seed=seed)
        self._server = Server((host, port), self._answer)
        self.address = f"http://{host}:{self._server.server_port}"
        notices = Notices(self._book, pace=pace)
        charges = Charges(self._book, notices, pace=pace, pay_url=f"{self.address}/pay")
        refunds = Refunds(self._book, notices, charges, pace=pace)
        self._desk = Desk(self._book, charges, refunds)
        self._counter = Counter(self._book, charges, notices)
        self._courier = Courier(
            self._book, notices, {"charge": charges.step, "refund": refunds.step}
        )
        with self._book.writing() as db:
            for account in open_accounts:
                accounts.save(db, account)
        self._courier.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="simulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.stopping = True
        self._server.shutdown()
        self._thread.join()
        self._courier.stop()
        self._server.server_close()
        self._book.close()

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _answer(self, request: Request) -> Answer:
        room = self._desk if request.path.startswith("/v1/") else self._counter
        answer = room.answer(request)
        if answer.notices_first:
            self._courier.wait_for(answer.notices_first, seconds=PATIENCE_FOR_A_CALLBACK_SECONDS)
        elif request.method == "POST":
            self._courier.wake()
        return answer


def serve(
    *,
    port: int = 0,
    book: Path,
    pace: float = 1.0,
    seed: str = DEFAULT_SEED,
    host: str = "127.0.0.1",
    open_accounts: tuple[Account, ...] = (),
) -> Simulator:
    """Port 0 takes a free one; `pace` multiplies every delay. Raises BookInUse."""
    return Simulator(
        port=port, book=book, pace=pace, seed=seed, host=host, open_accounts=open_accounts
    )


def told_to_stop() -> threading.Event:
    """Set at SIGTERM or SIGINT. Asked for before anybody learns the address: who knows it may stop us."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    return told

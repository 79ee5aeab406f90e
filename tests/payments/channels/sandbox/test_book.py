"""The witness: one writer, one charge per number, and a memory that a `kill -9` does not touch."""

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from payments.channels.base import Credentials, PaymentState
from payments.channels.sandbox.adapter import SandboxAdapter
from payments.channels.sandbox.control import Control
from payments.channels.sandbox.simulation.book import Book, BookInUse
from payments.channels.sandbox.simulator import serve
from tests.payments.channels.sandbox.shop import Shop
from tests.payments.channels.waiting import until

PROGRAM = """
import sys
from pathlib import Path
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulator import serve, told_to_stop
told = told_to_stop()
simulator = serve(book=Path(sys.argv[1]), pace=0.05, open_accounts=(Account("cha_1", b"hush"),))
print(simulator.address, flush=True)
told.wait()
simulator.stop()
"""


@pytest.fixture
def bank(book, client, receiver):
    banks = []

    def start():
        banks.append(Bank(book, client, receiver))
        return banks[-1]

    yield start
    for bank in banks:
        bank.end(signal.SIGKILL)


class Bank:
    """A simulator in a process of its own."""

    def __init__(self, book, client, receiver):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(book)], stdout=subprocess.PIPE, text=True
        )
        printed = self.process.stdout
        assert printed is not None
        self.printed = printed
        address = self.printed.readline().strip()
        credentials = Credentials(account_id="cha_1", base_url=address, secret=b"hush")
        self.shop = Shop(SandboxAdapter(credentials, client), receiver)
        self.control = Control(address)

    def end(self, number):
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        self.process.wait(10)
        self.printed.close()
        self.control.close()


def test_killed_simulator_keeps_its_book(bank):
    first = bank()
    for number in range(20):
        first.shop.pay("succeed", f"att_{number}")
    first.shop.refund(300, payment="att_7")
    before = first.control.book(), first.control.movements()
    first.end(signal.SIGKILL)
    second = bank()

    assert (second.control.book(), second.control.movements()) == before
    assert before[0]["accounts"]["cha_1"]["CNY"] == {
        "charges": 20,
        "charged_minor": 20_000,
        "refunds": 1,
        "refunded_minor": 300,
        "fees_minor": 120,
    }
    assert second.shop.query("att_19").state is PaymentState.SUCCEEDED
    assert second.shop.pay("succeed", "att_19").state is PaymentState.SUCCEEDED
    assert len(second.control.movements()) == 21


def test_restarted_simulator_goes_on_with_what_was_pending(bank, receiver):
    receiver.status = 503
    first = bank()
    first.shop.pay("succeed", "att_told_later")
    first.shop.pay("pending_then_succeed", "att_paid_later")
    receiver.wait_for(1)
    first.end(signal.SIGKILL)
    receiver.callbacks.clear()
    receiver.status = 200
    second = bank()

    until(lambda: second.shop.query("att_paid_later").state is PaymentState.SUCCEEDED)
    until(
        lambda: (
            {callback.event["charge"]["reference"] for callback in receiver.callbacks}
            == {"att_told_later", "att_paid_later"}
        )
    )


def test_simulator_stops_when_it_is_asked_to(bank):
    running = bank()
    running.end(signal.SIGTERM)

    assert running.process.returncode == 0


def test_second_simulator_may_not_write_the_same_book(simulator, book):
    with pytest.raises(BookInUse):
        serve(book=book)


def test_book_is_on_disk_before_the_answer_leaves(book):
    opened = Book(book, seed="any")
    with opened.writing() as db:
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    opened.close()


def test_half_done_work_leaves_nothing(book):
    opened = Book(book, seed="any")
    with pytest.raises(sqlite3.IntegrityError):
        open_the_same_account_twice(opened)
    with opened.writing() as db:
        assert db.execute("SELECT COUNT(*) FROM accounts").fetchone()[0] == 0
    opened.close()


def open_the_same_account_twice(book):
    with book.writing() as db:
        for _ in range(2):
            db.execute("INSERT INTO accounts VALUES ('cha_1', 'hush', 0, 0)")


def test_same_number_at_the_same_moment_charges_once(shop, control):
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda _: shop.pay("succeed"), range(16)))

    assert {report.state for report in reports} == {PaymentState.SUCCEEDED}
    assert len(control.movements()) == 1


def test_witness_would_say_so_if_somebody_were_charged_twice(shop, control, book):
    shop.pay("succeed")
    with sqlite3.connect(book) as db:
        db.execute(
            "INSERT INTO movements (kind, account, reference, channel_id, amount_minor, currency,"
            " fee_minor, moved_at) SELECT kind, account, reference, channel_id, amount_minor,"
            " currency, fee_minor, moved_at FROM movements"
        )
    db.close()

    assert control.book()["more_than_once"] == [
        {"account": "cha_1", "kind": "charge", "reference": "att_1", "times": 2}
    ]


def test_seed_and_number_decide_the_channels_ids(tmp_path, client, receiver):
    ids: list[str] = []
    for seed in ("one", "one", "two"):
        with serve(book=tmp_path / f"{len(ids)}.sqlite3", seed=seed) as simulator:
            control = Control(simulator.address)
            control.open_account("cha_1", b"hush")
            control.close()
            credentials = Credentials(
                account_id="cha_1", base_url=simulator.address, secret=b"hush"
            )
            ids.append(
                Shop(SandboxAdapter(credentials, client), receiver).pay("succeed").channel_id
            )

    assert ids[0] == ids[1] != ids[2]


def test_callback_is_repeated_until_it_is_accepted(shop, receiver):
    receiver.status = 500
    shop.pay("succeed")
    receiver.wait_for(3)
    receiver.status = 200
    until(lambda: len({callback.event["id"] for callback in receiver.callbacks}) == 1)
    accepted_after = len(receiver.callbacks)
    shop.pay("succeed", "att_2")
    until(lambda: receiver.callbacks[-1].event["charge"]["reference"] == "att_2")

    assert len(receiver.callbacks) <= accepted_after + 2

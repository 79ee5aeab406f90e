"""A platform behind real HTTP, a bank in another process, a merchant that signs, a clock that can be turned.

Journeys use doors only: the API, the channel's callbacks, the tasks that the clock calls, the commands.
They end on what the books say.
"""

import itertools
import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import time_machine

from config.demo.client import Client, Tally
from config.demo.signing import PlatformKeys, Signature, new_private_key, public_key_of
from merchants.services import api_keys
from payments.channels.sandbox.control import Control
from tests.factories import payments as make

ROOT = Path(__file__).resolve().parents[2]
SECRET = b"shared-with-the-simulator-0123456"


@pytest.fixture(scope="session")
def bank_address(tmp_path_factory):
    """The simulator, in a process of its own with a book of its own."""
    book = tmp_path_factory.mktemp("bank") / "book.sqlite3"
    command = [sys.executable, "manage.py", "simulate_channels", "--json", "--pace", "0.05"]
    with subprocess.Popen(
        [*command, "--book", str(book)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        yield json.loads(process.stdout.readline())["address"]
        process.terminate()


@pytest.fixture
def bank(bank_address):
    control = Control(bank_address)
    yield control
    control.close()


@pytest.fixture
def account(transactional_db, live_server, settings, bank, bank_address):
    settings.PUBLIC_BASE_URL = live_server.url
    account = make.channel_account(base_url=bank_address, timeout=1)
    bank.open_account(account.public_id, SECRET)
    return account


class Shop:
    """A merchant with its signing key, over real HTTP."""

    numbers = itertools.count(1)

    def __init__(self, base_url):
        self.merchant = make.merchant(name="Tea House", fee_bps=290, fixed_minor=0)
        private = new_private_key("ed25519")
        now = datetime.now(UTC)
        key = api_keys.issue(
            merchant=self.merchant,
            mode="test",
            by=make.BY,
            now=now,
            algorithm="ed25519",
            public_key_pem=public_key_of(private),
        ).key
        signature = Signature(key_id=key.public_id, algorithm="ed25519", private_key_pem=private)
        jwks = httpx2.get(f"{base_url}/.well-known/jwks.json", trust_env=False).json()
        self.api = Client(
            base_url=base_url, authorization=signature, keys=PlatformKeys(jwks), tally=Tally()
        )

    def pay(self, scenario, *, amount=10000, currency="CNY", key=None, **fields):
        number = next(self.numbers)
        method = {"type": "sandbox", "scenario": scenario, **fields.pop("method", {})}
        return self.api.post(
            "/v1/payments",
            {
                "reference": f"order-{number}",
                "amount": amount,
                "currency": currency,
                "confirm": True,
                "method": method,
                **fields,
            },
            key=key or f"key-{number}",
        )

    def refund(self, payment, amount=None, **fields):
        body = {"payment": payment, **({"amount": amount} if amount else {}), **fields}
        return self.api.post("/v1/refunds", body, key=f"refund-{next(self.numbers)}")

    def look(self, payment):
        return self.api.get(f"/v1/payments/{payment}").data

    def events(self):
        return [event["type"] for event in self.api.list("/v1/events")]

    def balance(self, currency="CNY"):
        rows = self.api.get("/v1/balances").data["data"]
        return next((row for row in rows if row["currency"] == currency), None)


@pytest.fixture
def shop(account, live_server):
    shop = Shop(live_server.url)
    yield shop
    shop.api.close()


@pytest.fixture
def clock():
    """Turns this process's clock; the bank keeps the real one."""

    @contextmanager
    def turned(**ahead):
        with time_machine.travel(datetime.now(UTC) + timedelta(**ahead), tick=True):
            yield

    return turned

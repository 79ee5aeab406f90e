"""A merchant's signed requests against the API, without a network between."""

import itertools
import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from config.demo.signing import Message, Signature, new_private_key, public_key_of
from merchants.services import api_keys
from tests.factories import payments as make

PRIVATE_KEY = new_private_key("ed25519")


class Caller:
    """Signs as a merchant does; every write gets a fresh Idempotency-Key unless one is given."""

    keys = itertools.count(1)

    def __init__(self, merchant):
        self.merchant = merchant
        issued = api_keys.issue(
            merchant=merchant,
            mode="test",
            by=make.BY,
            now=datetime.now(UTC),
            algorithm="ed25519",
            public_key_pem=public_key_of(PRIVATE_KEY),
        )
        self._signature = Signature(
            key_id=issued.key.public_id, algorithm="ed25519", private_key_pem=PRIVATE_KEY
        )
        self._http = Client()

    def get(self, path):
        return self.send("GET", path)

    def post(self, path, data, *, key=None):
        return self.send("POST", path, json.dumps(data).encode(), key=key or self.fresh())

    def send(self, method, path, body=b"", *, key=None, content_type="application/json"):
        headers = {}
        if body:
            headers["Content-Type"] = content_type
        if key:
            headers["Idempotency-Key"] = key
        message = Message(method, f"http://testserver{path}", headers)
        self._signature.authorize(message, body)
        signed = {k: v for k, v in message.headers.items() if k.lower() != "content-type"}
        return self._http.generic(
            method,
            path,
            body,
            content_type=content_type if body else "",
            headers=signed,
        )

    def fresh(self):
        return f"key-{next(self.keys)}"


@pytest.fixture
def merchant(db):
    return make.merchant()


@pytest.fixture
def caller(merchant):
    return Caller(merchant)


@pytest.fixture
def stranger(db):
    return Caller(make.merchant(name="Another shop"))

"""The merchant's half of RFC 9421 against the platform's: written apart, they must understand each other."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.demo.cast import SHOPS
from config.demo.signing import (
    AnswerForged,
    Bearer,
    Message,
    PlatformKeys,
    Reply,
    Signature,
    new_private_key,
    public_key_of,
)
from merchants.signing import messages
from merchants.states import Algorithm

URL = "http://127.0.0.1:8000/v1/payments?limit=1"
BODY = b'{"amount":1000}'


def request(**headers):
    return Message("POST", URL, {"Content-Type": "application/json", **headers})


@pytest.fixture
def signature():
    return Signature(
        key_id="key_1", algorithm="ed25519", private_key_pem=new_private_key("ed25519")
    )


@pytest.mark.parametrize("algorithm", [shop.algorithm for shop in SHOPS])
def test_the_platform_accepts_what_a_shop_signs(algorithm):
    pem = new_private_key(algorithm)
    message = request(**{"Idempotency-Key": "one"})
    Signature(key_id="key_1", algorithm=algorithm, private_key_pem=pem).authorize(message, BODY)

    messages.verify(
        messages.Request(message.method, message.url, message.headers),
        algorithm=Algorithm(algorithm),
        public_key_pem=public_key_of(pem),
        key_id="key_1",
    )
    claimed = messages.claimed(
        signature=message.headers["Signature"],
        signature_input=message.headers["Signature-Input"],
    )
    assert {"content-digest", "content-type", "idempotency-key"} <= set(claimed.components)
    assert message.headers["Content-Digest"] == messages.content_digest(BODY)


def test_each_signature_has_a_nonce_of_its_own(signature):
    first, second = request(), request()
    signature.authorize(first, BODY)
    signature.authorize(second, BODY)
    assert first.headers["Signature-Input"] != second.headers["Signature-Input"]


class TestAnswers:
    @pytest.fixture
    def key(self):
        return ed25519.Ed25519PrivateKey.generate()

    @pytest.fixture
    def keys(self, key):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return PlatformKeys({"keys": [{"kid": "sk1", "x": encoded(raw)}]})

    @pytest.fixture
    def answered(self, key, signature):
        message = request()
        signature.authorize(message, BODY)
        answer = messages.Answer(
            201,
            {
                "Content-Type": "application/json",
                "Content-Digest": messages.content_digest(b'{"id":"pay_1"}'),
            },
            messages.Request(message.method, message.url, message.headers),
        )
        messages.sign_answer(answer, key_id="sk1", private_key=key, now=datetime.now(UTC))
        return Reply(201, answer.headers, message)

    def test_a_genuine_answer_is_believed(self, keys, answered):
        keys.check(answered, b'{"id":"pay_1"}')

    def test_a_changed_body_is_not(self, keys, answered):
        with pytest.raises(AnswerForged):
            keys.check(answered, b'{"id":"pay_2"}')

    def test_a_changed_status_is_not(self, keys, answered):
        with pytest.raises(AnswerForged):
            keys.check(Reply(200, answered.headers, answered.request), b'{"id":"pay_1"}')

    def test_the_answer_to_another_request_is_not(self, keys, answered, signature):
        other = request()
        signature.authorize(other, BODY)
        with pytest.raises(AnswerForged):
            keys.check(Reply(201, answered.headers, other), b'{"id":"pay_1"}')

    def test_an_answer_without_a_signature_is_not(self, keys):
        with pytest.raises(AnswerForged):
            keys.check(Reply(201, {"Content-Type": "application/json"}, None), b"{}")


def test_a_bearer_key_travels_as_a_token():
    message = request()
    assert Bearer("sk_test_1").authorize(message, BODY) is False
    assert message.headers["Authorization"] == "Bearer sk_test_1"


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

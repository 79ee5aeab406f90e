"""The shops' client on a bad line: the same request under the same key, until there is an answer."""

import json
import time

import pytest
from werkzeug import Response

from config.demo import client as module
from config.demo.client import Client, PlatformSilent, Tally
from config.demo.signing import Bearer, PlatformKeys

PAYMENT = {"id": "pay_1", "state": "succeeded"}


@pytest.fixture
def tally():
    return Tally()


@pytest.fixture
def client(httpserver, tally):
    client = Client(
        base_url=httpserver.url_for(""),
        authorization=Bearer("sk_test_1"),
        keys=PlatformKeys({"keys": []}),
        tally=tally,
    )
    yield client
    client.close()


def answer(status, data=None, **headers):
    return Response(
        json.dumps(data or {}), status=status, headers=headers, content_type="application/json"
    )


def expect(httpserver, *answers):
    """One after the other; the last one for ever."""
    left = list(answers)

    def respond(_request):
        return left.pop(0) if len(left) > 1 else left[0]

    httpserver.expect_request("/v1/payments").respond_with_handler(respond)


def sent(httpserver):
    return [
        (request.headers.get("Idempotency-Key"), request.get_data())
        for request, _ in httpserver.log
    ]


@pytest.mark.parametrize(
    "first",
    [
        answer(409, {"code": "idempotency_in_progress"}, **{"Retry-After": "0"}),
        answer(503, {"code": "temporarily_unavailable"}, **{"Retry-After": "0"}),
        answer(429, {"code": "rate_limited"}),
        answer(500, {"code": "internal_error"}),
    ],
    ids=["in progress", "unavailable", "too many", "failed"],
)
def test_an_answer_that_asks_to_come_again_is_obeyed_under_the_same_key(
    client, httpserver, tally, first
):
    expect(httpserver, first, answer(201, PAYMENT))

    got = client.post("/v1/payments", {"amount": 1}, key="one")

    assert (got.status, got.data) == (201, PAYMENT)
    assert len(set(sent(httpserver))) == 1
    assert len(httpserver.log) == 2
    assert tally["sent_again"] == 1


@pytest.mark.parametrize(
    "refusal", [(409, "reference_taken"), (422, "amount_invalid"), (404, "not_found")]
)
def test_a_refusal_is_an_answer(client, httpserver, refusal):
    status, code = refusal
    expect(httpserver, answer(status, {"code": code}))

    got = client.post("/v1/payments", {}, key="one")

    assert (got.is_refusal, got.status, got.code) == (True, status, code)
    assert len(httpserver.log) == 1


def test_a_line_that_is_cut_leaves_the_request_to_be_sent_again(client, httpserver, tally):
    slow = answer(201, PAYMENT)

    def respond(_request):
        if not tally["lines_cut"]:
            time.sleep(0.3)
        return slow

    httpserver.expect_request("/v1/payments").respond_with_handler(respond)

    got = client.post("/v1/payments", {"amount": 1}, key="one", cut_after=0.05)

    assert got.data == PAYMENT
    assert tally["lines_cut"] == 1
    assert len(set(sent(httpserver))) == 1


def test_a_replayed_answer_says_so(client, httpserver):
    expect(httpserver, answer(201, PAYMENT, **{"Idempotent-Replayed": "true"}))
    assert client.post("/v1/payments", {}, key="one").replayed


def test_answers_that_fail_and_answers_without_our_signature_are_counted(client, httpserver, tally):
    expect(httpserver, answer(500), answer(201, PAYMENT))
    client.post("/v1/payments", {}, key="one")
    assert (tally["answers_of_5xx"], tally["answers_forged"], tally["answers_verified"]) == (
        1,
        2,
        0,
    )


def test_patience_ends(client, httpserver, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0)
    expect(httpserver, answer(503, {"code": "temporarily_unavailable"}))
    with pytest.raises(PlatformSilent, match="503 temporarily_unavailable"):
        client.get("/v1/payments")


def test_a_list_is_read_to_its_end(client, httpserver):
    expect(
        httpserver,
        answer(200, {"data": [{"id": "b"}], "has_more": True, "next_after": "b"}),
        answer(200, {"data": [{"id": "a"}], "has_more": False, "next_after": None}),
    )

    found = [one["id"] for one in client.list("/v1/payments", state="succeeded")]

    assert found == ["b", "a"]
    assert httpserver.log[1][0].args["after"] == "b"
    assert all(request.args["state"] == "succeeded" for request, _ in httpserver.log)

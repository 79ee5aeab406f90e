"""Three endings of a call to a channel, told apart; and what may be kept of it."""

import json
import re
import socket
import threading
import time
from itertools import chain, repeat

import pytest
import structlog

from payments.channels.http import (
    AnswerUnknown,
    Call,
    ChannelClient,
    NotSent,
    shared_client,
)

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Scripted:
    """A channel whose n-th connection does what the n-th script says; the last one for ever after."""

    def __init__(self, *scripts):
        self.requests = []
        self._scripts = chain(scripts, repeat(scripts[-1]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/charges"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        # Closing alone does not wake a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(whole_request(connection))
                script = next(self._scripts)
                if isinstance(script, bytes):
                    connection.sendall(script)
                else:
                    script(connection)


def whole_request(connection):
    """What is left unread would turn every hanging up into a reset."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def hang_up(connection):
    """Sends nothing at all."""


def silence(connection):
    connection.recv(1)


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    try:
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)
    except OSError:
        return


@pytest.fixture
def scripted():
    channels = []

    def make(*scripts):
        channels.append(Scripted(*scripts))
        return channels[-1]

    yield make
    for channel in channels:
        channel.stop()


def call(url, *, safe=False, body=b"{}", **more):
    seconds = {"connect_seconds": 2.0, "read_seconds": 0.5, "total_seconds": 2.0}
    return Call(
        account_id="cha_1",
        method="GET" if safe else "POST",
        url=url,
        safe=safe,
        body=body,
        **{**seconds, **more},
    )


def unused_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1/charges"


def test_connection_refused_is_certainly_not_sent(client):
    with pytest.raises(NotSent) as failure:
        client.send(call(unused_address()))
    assert failure.value.exchange.problem == "ConnectError"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (reset, "ReadError"),
        (hang_up, "RemoteProtocolError"),
        (silence, "ReadTimeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", "RemoteProtocolError"),
        (b"this is not HTTP\r\n\r\n", "RemoteProtocolError"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "http_500"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "http_503"),
        (b"HTTP/1.1 302 Go\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", "http_302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000, "AnswerTooLong"),
        (drip, "AnswerTooSlow"),
    ],
)
def test_sent_and_not_answered_is_unknown_and_never_sent_again(client, scripted, script, problem):
    channel = scripted(script)

    with pytest.raises(AnswerUnknown) as failure:
        client.send(call(channel.url, answer_limit_bytes=4096, total_seconds=0.4))

    assert failure.value.exchange.problem == problem
    assert len(channel.requests) == 1


def test_redirect_is_not_followed(client, scripted):
    elsewhere = scripted(GOOD)
    location = elsewhere.url.encode()
    channel = scripted(
        b"HTTP/1.1 307 Go\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    )

    with pytest.raises(AnswerUnknown):
        client.send(call(channel.url))

    assert elsewhere.requests == []


def test_answer_unpacks_nothing(client, scripted):
    body = b"\x1f\x8b not a gzip"
    channel = scripted(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s"
        % (len(body), body)
    )

    assert client.send(call(channel.url)).body == body
    assert b"accept-encoding: identity" in channel.requests[0].lower()


def test_refusal_is_an_answer(client, scripted):
    channel = scripted(b"HTTP/1.1 422 No\r\nContent-Length: 2\r\n\r\n{}")

    assert client.send(call(channel.url)).status == 422


def test_failed_read_is_tried_again(client, scripted):
    channel = scripted(hang_up, hang_up, GOOD)
    answer = client.send(call(channel.url, safe=True))

    assert answer.status == 200
    assert answer.exchange.tries == 3


def test_read_that_keeps_failing_is_given_up(client, scripted):
    channel = scripted(hang_up)

    with pytest.raises(AnswerUnknown) as failure:
        client.send(call(channel.url, safe=True))

    assert failure.value.exchange.tries == 3
    assert len(channel.requests) == 3


def test_slow_call_does_not_queue_the_others_of_its_account(client, scripted):
    arrived = threading.Event()
    release = threading.Event()

    def slow(connection):
        arrived.set()
        release.wait(5)
        connection.sendall(GOOD)

    slow_channel, channel = scripted(slow), scripted(GOOD)
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(client.send(call(slow_channel.url, read_seconds=5.0)))
    )
    thread.start()
    assert arrived.wait(5)

    assert client.send(call(channel.url)).status == 200

    release.set()
    thread.join()
    assert answers[0].status == 200


def test_open_breaker_sends_nothing_until_it_has_rested_then_tries_one(scripted):
    client = ChannelClient(fail_max=2, reset_seconds=0.2)
    channel = scripted(hang_up, hang_up, GOOD)
    for _ in range(2):
        with pytest.raises(AnswerUnknown):
            client.send(call(channel.url))

    with pytest.raises(NotSent) as refused:
        client.send(call(channel.url))
    assert refused.value.exchange.problem == "circuit_open"
    assert len(channel.requests) == 2

    rested_at = time.monotonic() + 5
    while client.breaker("cha_1").state == "open" and time.monotonic() < rested_at:
        try:
            client.send(call(channel.url))
        except NotSent:
            time.sleep(0.02)

    assert client.breaker("cha_1").state == "closed"
    assert len(channel.requests) == 3
    client.close()


def test_breaker_of_one_account_leaves_the_others_alone(scripted):
    client = ChannelClient(fail_max=1, reset_seconds=60)
    failing, working = scripted(hang_up), scripted(GOOD)
    with pytest.raises(AnswerUnknown):
        client.send(call(failing.url))

    other = Call(account_id="cha_2", method="POST", url=working.url, safe=False, body=b"{}")

    assert client.breaker("cha_1").state == "open"
    assert client.send(other).status == 200
    client.close()


def test_exchange_keeps_evidence_and_no_secret(client, scripted):
    told = json.dumps({"client_secret": "cs_123", "card": "4111 1111 1111 1111", "ok": "yes"})
    channel = scripted(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told.encode())
    )
    asked = json.dumps({"api_key": "k_123", "amount": "10.00"}).encode()
    with structlog.testing.capture_logs() as logged:
        exchange = client.send(
            call(channel.url, body=asked, headers={"Authorization": "Bearer b_123"})
        ).exchange

    kept = json.dumps(exchange.as_dict()) + repr(logged)
    assert (exchange.method, exchange.path, exchange.status) == ("POST", "/v1/charges", 200)
    assert "10.00" in exchange.request
    assert "yes" in exchange.answer
    assert not [secret for secret in ("cs_123", "4111 1111", "k_123", "b_123") if secret in kept]
    assert [entry["event"] for entry in logged] == ["channel_call"]


def test_evidence_of_any_bytes_can_be_stored(client, scripted):
    body = b'{"a": "\\ud800 \\u0000"} \x00\xff'
    channel = scripted(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    answer = client.send(call(channel.url)).exchange.answer

    answer.encode()
    assert "\x00" not in answer


def test_process_has_one_client():
    assert shared_client() is shared_client()
    shared_client().close()
    shared_client.cache_clear()

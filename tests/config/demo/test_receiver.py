"""The shops' receiver: believes nobody without a signature, and counts what is missing."""

import json
import socket
from datetime import UTC, datetime

import httpx2
import pytest
from standardwebhooks import Webhook

from config.demo.receiver import Inbox, Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANOTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def notice(number, *, name="", secret=SECRET, at=None):
    name = name or f"evt_{number}"
    body = json.dumps({"id": name, "sequence": number, "type": "payment.succeeded"})
    moment = at or datetime.now(UTC)
    signature = Webhook(secret).sign(name, moment, body)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }
    return headers, body.encode()


@pytest.fixture
def inbox():
    return Inbox(secret=SECRET, seen_up_to=0)


def test_a_genuine_notice_is_taken(inbox):
    assert inbox.take(*notice(1)) == 200
    assert (inbox.delivered, inbox.forged, inbox.seen_up_to) == (1, 0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        notice(1, secret=ANOTHER),
        (notice(1)[0], notice(2)[1]),
        ({}, notice(1)[1]),
        (notice(1, at=datetime(2020, 1, 1, tzinfo=UTC))),
        ({**notice(1)[0], "webhook-signature": "v1"}, notice(1)[1]),
    ],
    ids=["other secret", "other body", "no headers", "old", "garbage"],
)
def test_a_notice_without_a_valid_signature_is_refused_and_counted(inbox, wrong):
    assert inbox.take(*wrong) == 401
    assert (inbox.delivered, inbox.forged, inbox.seen_up_to) == (0, 1, 0)


def test_gaps_are_numbers_that_never_came(inbox):
    for number in (1, 2, 5, 7):
        inbox.take(*notice(number))
    assert inbox.seen_up_to == 2
    assert inbox.gaps(7) == 3
    assert inbox.gaps(5) == 2
    assert inbox.gaps(9) == 5
    assert inbox.gaps(2) == 0


def test_events_that_the_shop_reads_by_itself_close_the_gaps(inbox):
    for number in (1, 4):
        inbox.take(*notice(number))
    assert inbox.note([2, 3, 4, 5]) == 3
    assert (inbox.gaps(5), inbox.seen_up_to) == (0, 5)


def test_a_repeated_notice_is_taken_and_counted_once(inbox):
    inbox.take(*notice(1))
    assert inbox.take(*notice(1)) == 200
    assert (inbox.delivered, inbox.repeated) == (1, 1)


def test_a_shop_that_knows_its_past_starts_there():
    inbox = Inbox(secret=SECRET, seen_up_to=40)
    inbox.take(*notice(41))
    assert (inbox.seen_up_to, inbox.gaps(41)) == (41, 0)


def named_with_mood(wanted):
    """An event id that the receiver is in that mood about."""
    inbox = Inbox(secret=SECRET, seen_up_to=0)
    inbox.is_moody = True
    for number in range(1, 2000):
        name = f"evt_{number}"
        first = inbox.take(*notice(number, name=name))
        if first == 500 and (inbox.take(*notice(number, name=name)) == 200) == (wanted == "once"):
            return name
    raise AssertionError(f"no event is refused {wanted}")


def test_some_notices_are_refused_once_and_taken_when_they_come_again(inbox):
    name = named_with_mood("once")
    inbox.is_moody = True
    assert inbox.take(*notice(1, name=name)) == 500
    assert (inbox.refused, inbox.waits_for_retries, inbox.seen_up_to) == (1, 1, 0)
    assert inbox.take(*notice(1, name=name)) == 200
    assert (inbox.retried, inbox.waits_for_retries, inbox.seen_up_to) == (1, 0, 1)


def test_some_notices_are_refused_until_the_shop_has_read_what_it_missed(inbox):
    name = named_with_mood("always")
    inbox.is_moody = True
    assert [inbox.take(*notice(1, name=name)) for _ in range(3)] == [500, 500, 500]
    assert inbox.waits_for_retries == 0
    assert inbox.note([1]) == 1
    assert inbox.take(*notice(1, name=name)) == 200


def test_the_receiver_keeps_each_shops_notices_apart_over_http(inbox):
    with Receiver(port=0) as receiver:
        receiver.inboxes["tea"] = inbox
        receiver.inboxes["paper"] = Inbox(secret=ANOTHER, seen_up_to=0)
        headers, body = notice(1)

        def post(slug):
            address = f"{receiver.base_url}/{slug}"
            return httpx2.post(address, headers=headers, content=body, trust_env=False).status_code

        assert (post("tea"), post("paper"), post("nobody")) == (200, 401, 503)


def test_a_notice_that_breaks_off_is_no_forgery(inbox):
    headers, body = notice(1)
    with Receiver(port=0) as receiver:
        receiver.inboxes["tea"] = inbox
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as line:
            lines = [f"{name}: {value}" for name, value in headers.items()]
            head = ["POST /tea HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *lines, "", ""]
            line.sendall("\r\n".join(head).encode() + body[:10])
            line.shutdown(socket.SHUT_WR)
            assert line.recv(1) == b""
    assert (inbox.forged, inbox.delivered) == (0, 0)


def test_a_port_that_is_taken_is_exchanged_for_a_free_one():
    with Receiver(port=0) as first, Receiver(port=first.port) as second:
        assert second.port not in (0, first.port)

"""Where the shops are told: checks every notice, is not always in the mood, and notices what is missing."""

import hashlib
import json
import socket
import sys
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

LOOPBACK = "127.0.0.1"
LARGEST_BODY_BYTES = 1024 * 1024
# Of a hundred notices so many are refused at their first try, and so many until the shop has read
# the missing events by itself.
REFUSED_ONCE = 6
REFUSED_UNTIL_READ = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class Inbox:
    """One shop's memory of its event numbers. They are dense: what is missing was not delivered."""

    def __init__(self, *, secret: str, seen_up_to: int) -> None:
        self._webhook = Webhook(secret)
        self._lock = threading.Lock()
        self._seen_up_to = seen_up_to
        self._beyond: set[int] = set()
        self._refused: set[str] = set()
        self.is_moody = False
        self.delivered = 0
        self.repeated = 0
        self.refused = 0
        self.retried = 0
        self.forged = 0

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status to answer a notice with."""
        try:
            event = self._webhook.verify(body, dict(headers))
        except (WebhookVerificationError, ValueError):
            with self._lock:
                self.forged += 1
            return 401
        with self._lock:
            return self._take_genuine(event)

    def note(self, numbers: Iterable[int]) -> int:
        """Events that the shop read by itself; how many of them it had missed."""
        with self._lock:
            missed = [number for number in numbers if not self._knows(number)]
            for number in missed:
                self._remember(number)
            return len(missed)

    @property
    def seen_up_to(self) -> int:
        """The last number before the first gap."""
        with self._lock:
            return self._seen_up_to

    @property
    def waits_for_retries(self) -> int:
        """Notices that were refused and will be taken when they come again."""
        with self._lock:
            return sum(1 for name in self._refused if _mood(name) >= REFUSED_UNTIL_READ)

    def gaps(self, last: int) -> int:
        """Numbers up to `last` that never arrived."""
        with self._lock:
            arrived = sum(1 for number in self._beyond if number <= last)
            return max(last - self._seen_up_to - arrived, 0)

    def _take_genuine(self, event: Mapping[str, Any]) -> int:
        name, number = str(event["id"]), int(event["sequence"])
        known = self._knows(number)
        if not known and self._refuses(name):
            self.refused += 1
            self._refused.add(name)
            return 500
        if name in self._refused:
            self._refused.discard(name)
            self.retried += 1
        elif known:
            self.repeated += 1
            return 200
        self.delivered += 1
        self._remember(number)
        return 200

    def _refuses(self, name: str) -> bool:
        """By the event's id, so that a repeat meets the same mood."""
        if name in self._refused:
            return _mood(name) < REFUSED_UNTIL_READ
        return self.is_moody and _mood(name) < REFUSED_UNTIL_READ + REFUSED_ONCE

    def _knows(self, number: int) -> bool:
        return number <= self._seen_up_to or number in self._beyond

    def _remember(self, number: int) -> None:
        self._beyond.add(number)
        while self._seen_up_to + 1 in self._beyond:
            self._seen_up_to += 1
            self._beyond.discard(self._seen_up_to)


def _mood(name: str) -> int:
    """Of an event's id: evenly from 0 to 99."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 100


class Receiver:
    """Listens from the moment it is made, until it is closed."""

    def __init__(self, *, port: int) -> None:
        """Port 0, or one that is taken, takes a free one."""
        self.inboxes: dict[str, Inbox] = {}
        try:
            self._server = _Server((LOOPBACK, port), self)
        except OSError:
            self._server = _Server((LOOPBACK, 0), self)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="receiver", daemon=True
        )
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def take(self, slug: str, headers: Mapping[str, str], body: bytes) -> int:
        inbox = self.inboxes.get(slug)
        # Not opened yet: come again later.
        return 503 if inbox is None else inbox.take(headers, body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A worker that is killed hangs up in the middle of a notice."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY_BYTES:
            self.close_connection = True
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # Whoever was sending was killed in the middle; it is sent again.
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._answer(self.server.receiver.take(self.path.strip("/"), headers, body))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent: the summary tells."""

    def _answer(self, status: int) -> None:
        body = json.dumps({"received": status < 400}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

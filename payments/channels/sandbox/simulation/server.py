"""The simulator's HTTP: reads within limits, answers as asked, or misbehaves as asked."""

import select
import socket
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from payments.channels.sandbox.simulation.messages import Answer, Request, as_json
from payments.channels.sandbox.simulation.refusal import Refused
from payments.channels.sandbox.simulation.scenarios import Fault

BODY_LIMIT_BYTES = 64 * 1024
# How long an answer is held at most; it ends as soon as the client hangs up.
HOLD_SECONDS = 60.0

Answering = Callable[[Request], Answer]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], answering: Answering) -> None:
        self.answering = answering
        self.stopping = False
        super().__init__(address, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some scenarios are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    # One packet for head and body: two would wait for each other (Nagle and delayed acknowledgement).
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or int(length) > BODY_LIMIT_BYTES:
            self.close_connection = True
            self._write(as_json({"error": {"code": "body_too_large", "message": ""}}, status=413))
            return
        self._serve(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent: the book is the log."""

    def _serve(self, body: bytes) -> None:
        target = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=target.path,
            query=dict(parse_qsl(target.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        try:
            answer = self.server.answering(request)
        except Refused as refused:
            answer = as_json(refused.as_json(), status=refused.status)
        match answer.fault:
            case Fault.NONE:
                self._write(answer)
            case Fault.ANSWER_500:
                self._write(as_json({"error": {"code": "internal", "message": ""}}, status=500))
            case Fault.ANSWER_GARBAGE:
                self._write(Answer(content_type="text/html", body=b"<html>\xff<b>it works</b>"))
            case Fault.NEVER_ANSWER:
                self._hold()

    def _hold(self) -> None:
        deadline = time.monotonic() + HOLD_SECONDS
        while time.monotonic() < deadline and not self.server.stopping:
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                break
        self.close_connection = True

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.location:
            self.send_header("Location", answer.location)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(answer.body)

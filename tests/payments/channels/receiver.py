"""A merchant platform's callback address, as small as it can be: keeps what comes, answers as told."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.payments.channels.waiting import until


@dataclass(frozen=True, slots=True)
class Callback:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self):
        return json.loads(self.body)


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/callbacks/sandbox/cha_1"
        self.status = 200
        self.callbacks: list[Callback] = []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def wait_for(self, count: int) -> list[Callback]:
        until(lambda: len(self.callbacks) >= count)
        return self.callbacks

    def stop(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.callbacks.append(Callback(dict(self.headers.items()), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

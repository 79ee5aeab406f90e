"""The one way out to a channel: bounded in time and size, behind a breaker, and every exchange leaves a record.

It knows three endings. The channel answered: `Answer`. The request never left: `NotSent`, so certainly
nothing was done. It left and no usable answer came back: `AnswerUnknown`, so anything may have been done.
"""

import json
import os
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

import httpx2
import structlog

from audit.redaction import mask_cards, redacted
from payments.channels.breaker import Breaker, CircuitOpen

# Pauses before the second and third try of a safe read.
READ_RETRY_SECONDS = (0.1, 0.4)
ANSWER_LIMIT_BYTES = 1024 * 1024
RECORDED_BODY_BYTES = 16 * 1024

# A pooled connection that is not free in time is a request that never left.
NEVER_LEFT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.ProxyError,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `safe` says that it only reads, so that it may be sent again."""

    account_id: str
    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    safe: bool
    connect_seconds: float = 3.0
    read_seconds: float = 10.0
    total_seconds: float = 30.0
    answer_limit_bytes: int = ANSWER_LIMIT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The evidence of one call, fit to be stored: no headers, secrets and card numbers masked."""

    method: str
    path: str
    status: int | None
    milliseconds: int
    tries: int
    problem: str
    request: str
    answer: str

    def as_dict(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    exchange: Exchange


class CallFailed(Exception):
    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"{exchange.method} {exchange.path}: {exchange.problem}")
        self.exchange = exchange


class NotSent(CallFailed):
    """The channel never saw the request."""


class AnswerUnknown(CallFailed):
    """The channel may have done all of it or nothing."""


class ChannelClient:
    """Thread-safe; keep one per process, for its connections and its breakers."""

    def __init__(self, *, fail_max: int = 10, reset_seconds: float = 10.0) -> None:
        self._fail_max = fail_max
        self._reset_seconds = reset_seconds
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()
        # The way out is configured, never inherited from an environment variable.
        self._http = httpx2.Client(follow_redirects=False, trust_env=False, verify=trusted())

    def send(self, call: Call) -> Answer:
        """Raises NotSent or AnswerUnknown. Only safe calls are tried again."""
        pauses = READ_RETRY_SECONDS if call.safe else ()
        for tries, pause in enumerate(pauses, start=1):
            try:
                return self._send_once(call, tries)
            except CallFailed as failure:
                if isinstance(failure.__cause__, CircuitOpen):
                    raise
                time.sleep(pause)
        return self._send_once(call, len(pauses) + 1)

    def breaker(self, account_id: str) -> Breaker:
        with self._lock:
            if account_id not in self._breakers:
                self._breakers[account_id] = Breaker(
                    account_id, fail_max=self._fail_max, reset_seconds=self._reset_seconds
                )
            return self._breakers[account_id]

    def close(self) -> None:
        self._http.close()

    def _send_once(self, call: Call, tries: int) -> Answer:
        breaker = self.breaker(call.account_id)
        record = _Record(call, tries)
        try:
            breaker.admit()
        except CircuitOpen as error:
            raise NotSent(record.finish(problem="circuit_open")) from error
        try:
            answer = self._exchange(call, record)
        except BaseException:
            breaker.failed()
            raise
        breaker.succeeded()
        return answer

    def _exchange(self, call: Call, record: "_Record") -> Answer:
        try:
            response, body = self._read(call)
        except NEVER_LEFT as error:
            raise NotSent(record.finish(problem=type(error).__name__)) from error
        except (httpx2.RequestError, AnswerTooLong, AnswerTooSlow) as error:
            raise AnswerUnknown(record.finish(problem=type(error).__name__)) from error
        status = response.status_code
        # A redirect is not followed: the money must not go where an answer points to.
        if status >= 500 or 300 <= status < 400:
            raise AnswerUnknown(record.finish(problem=f"http_{status}", status=status, answer=body))
        return Answer(
            status=status,
            headers=dict(response.headers),
            body=body,
            exchange=record.finish(status=status, answer=body),
        )

    def _read(self, call: Call) -> tuple[httpx2.Response, bytes]:
        deadline = time.monotonic() + call.total_seconds
        body = bytearray()
        with self._http.stream(
            call.method,
            call.url,
            # Unpacked here an answer could be far bigger than what was sent.
            headers={"Accept-Encoding": "identity", **call.headers},
            content=call.body or None,
            timeout=httpx2.Timeout(call.read_seconds, connect=call.connect_seconds),
        ) as response:
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > call.answer_limit_bytes:
                    raise AnswerTooLong
                if time.monotonic() > deadline:
                    raise AnswerTooSlow
        return response, bytes(body)


def evidence(body: bytes) -> str:
    """What may be kept of a body: text that any database takes, secrets and card numbers masked."""
    if len(body) > RECORDED_BODY_BYTES:
        return f"[{len(body)} bytes]"
    text = body.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    try:
        text = json.dumps(redacted(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = mask_cards(text)
    # A lone surrogate of somebody's JSON cannot be stored.
    return text.encode("utf-8", errors="replace").decode("utf-8")


@cache
def trusted() -> ssl.SSLContext:
    """Reading the certificate store takes longer than a payment: once per process."""
    return httpx2.create_ssl_context(trust_env=False)


@cache
def shared_client() -> ChannelClient:
    """The process's own client."""
    return ChannelClient()


# A forked worker must not share its parent's connections.
os.register_at_fork(after_in_child=shared_client.cache_clear)


class AnswerTooLong(Exception):
    pass


class AnswerTooSlow(Exception):
    pass


class _Record:
    """An exchange while it lasts."""

    def __init__(self, call: Call, tries: int) -> None:
        self.call = call
        self.tries = tries
        self.started = time.monotonic()

    def finish(
        self, *, problem: str = "", status: int | None = None, answer: bytes = b""
    ) -> Exchange:
        exchange = Exchange(
            method=self.call.method,
            path=urlsplit(self.call.url).path,
            status=status,
            milliseconds=int((time.monotonic() - self.started) * 1000),
            tries=self.tries,
            problem=problem,
            request=evidence(self.call.body),
            answer=evidence(answer),
        )
        log.info(
            "channel_call",
            account=self.call.account_id,
            method=exchange.method,
            path=exchange.path,
            status=status,
            milliseconds=exchange.milliseconds,
            tries=self.tries,
            problem=problem,
        )
        return exchange

"""A merchant's own client: signs, sends, sends again under the same key, verifies the answer."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from config.demo.signing import AnswerForged, Authorization, Message, PlatformKeys, Reply

PATIENCE_SECONDS = 60.0
SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
# The answer to a request under this key is on its way, or we are asked to come back.
COME_AGAIN = {409: "idempotency_in_progress", 429: "", 503: ""}
PAGE = 100


class PlatformSilent(Exception):
    """No answer within the merchant's patience, however often it asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`replayed`: the platform had answered this very request before."""

    status: int
    data: Mapping[str, Any]
    replayed: bool = False

    @property
    def code(self) -> str:
        return str(self.data.get("code", ""))

    @property
    def is_refusal(self) -> bool:
        return self.status >= 400


class Tally:
    """What all threads of all shops met, counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, what: str, times: int = 1) -> None:
        with self._lock:
            self._counts[what] += times

    def __getitem__(self, what: str) -> int:
        with self._lock:
            return self._counts[what]


class Client:
    def __init__(
        self, *, base_url: str, authorization: Authorization, keys: PlatformKeys, tally: Tally
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._authorization = authorization
        self._keys = keys
        self._tally = tally
        limits = httpx2.Limits(max_connections=32, max_keepalive_connections=16)
        self._http = httpx2.Client(timeout=TIMEOUT, limits=limits, trust_env=False)

    def get(self, path: str) -> Answer:
        """Raises PlatformSilent."""
        return self._until_answered("GET", path, b"", "")

    def post(
        self, path: str, data: Mapping[str, object], *, key: str, cut_after: float = 0.0
    ) -> Answer:
        """`cut_after` hangs up so many seconds after the first try was sent, as a bad line would.

        Raises PlatformSilent.
        """
        body = json.dumps(data, ensure_ascii=False).encode()
        if cut_after:
            self._send_and_hang_up("POST", path, body, key, cut_after)
        return self._until_answered("POST", path, body, key)

    def list(self, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
        """Every object of a list, page by page."""
        query = {"limit": str(PAGE), **query}
        while True:
            page = self.get(f"{path}?{httpx2.QueryParams(query)}")
            if page.is_refusal:
                raise PlatformSilent(f"{path}: {page.status} {page.code}")
            yield from page.data["data"]
            if not page.data["has_more"]:
                return
            query["after"] = str(page.data["next_after"])

    def close(self) -> None:
        self._http.close()

    def _until_answered(self, method: str, path: str, body: bytes, key: str) -> Answer:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            pause = SHORTEST_PAUSE_SECONDS
            try:
                answer, pause = self._once(method, path, body, key, TIMEOUT)
            except httpx2.TransportError as error:
                self._tally.count("lines_broken")
                problem = f"{type(error).__name__}: {error}"
            else:
                if not _asks_to_come_again(answer):
                    return answer
                problem = f"{answer.status} {answer.code}"
            if time.monotonic() > deadline:
                raise PlatformSilent(f"{method} {path}: {problem}")
            self._tally.count("sent_again")
            time.sleep(pause)

    def _once(
        self, method: str, path: str, body: bytes, key: str, timeout: httpx2.Timeout
    ) -> tuple[Answer, float]:
        message = Message(method, f"{self._base_url}{path}", _headers(body, key))
        signed = self._authorization.authorize(message, body)
        response = self._http.request(
            method, message.url, content=body or None, headers=message.headers, timeout=timeout
        )
        reply = Reply(response.status_code, response.headers, message if signed else None)
        self._check(reply, response.content)
        if response.status_code >= 500 and response.status_code != 503:
            self._tally.count("answers_of_5xx")
        answer = Answer(
            status=response.status_code,
            data=response.json() if response.content else {},
            replayed=response.headers.get("idempotent-replayed") == "true",
        )
        return answer, _pause(response.headers.get("retry-after", ""))

    def _check(self, reply: Reply, body: bytes) -> None:
        try:
            self._keys.check(reply, body)
        except AnswerForged:
            self._tally.count("answers_forged")
        else:
            self._tally.count("answers_verified")

    def _send_and_hang_up(
        self, method: str, path: str, body: bytes, key: str, seconds: float
    ) -> None:
        impatient = httpx2.Timeout(5.0, read=seconds)
        try:
            self._once(method, path, body, key, impatient)
        except httpx2.TransportError:
            self._tally.count("lines_cut")


def _headers(body: bytes, key: str) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    if body:
        headers["Content-Type"] = "application/json"
    if key:
        headers["Idempotency-Key"] = key
    return headers


def _asks_to_come_again(answer: Answer) -> bool:
    """An answer of 500 and more says: send the same request under the same key again."""
    if answer.status >= 500:
        return True
    code = COME_AGAIN.get(answer.status)
    return code is not None and code in ("", answer.code)


def _pause(retry_after: str) -> float:
    seconds = float(retry_after) if retry_after.isdigit() else SHORTEST_PAUSE_SECONDS
    return min(max(seconds, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)

"""Speaks the sandbox's HTTP: signs what we ask, reads what it answers, knows no payment."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from payments.channels.base import ChannelError, Credentials, ErrorKind
from payments.channels.http import (
    ANSWER_LIMIT_BYTES,
    Answer,
    AnswerUnknown,
    Call,
    ChannelClient,
    Exchange,
    NotSent,
)
from payments.channels.sandbox.signing import request_headers
from payments.channels.sandbox.translation import plain

TIMEOUT_SECONDS = 10
CONNECT_SECONDS = 3.0
STATEMENT_SECONDS = 600.0
STATEMENT_LIMIT_BYTES = 512 * 1024 * 1024
# Refusals at the door, which say nothing about the payment: status -> what the caller should do.
DOOR = {
    401: (ErrorKind.AUTH, True),
    403: (ErrorKind.AUTH, True),
    429: (ErrorKind.RATE_LIMITED, False),
}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    data: Mapping[str, Any]
    exchange: Exchange

    @property
    def refused(self) -> bool:
        return self.status >= 400

    @property
    def error(self) -> Mapping[str, Any]:
        error = self.data.get("error")
        return error if isinstance(error, dict) else {}


class SandboxClient:
    def __init__(self, credentials: Credentials, client: ChannelClient) -> None:
        self._credentials = credentials
        self._client = client

    def get(self, path: str) -> Reply:
        """Raises ChannelError, AnswerUnknown."""
        return self._read(self._send("GET", path, safe=True))

    def post(self, path: str, payload: Mapping[str, object]) -> Reply:
        """Raises ChannelError, AnswerUnknown."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return self._read(self._send("POST", path, body=body, safe=False))

    def download(self, path: str) -> bytes:
        """Raises ChannelError, AnswerUnknown."""
        answer = self._send(
            "GET",
            path,
            safe=True,
            limit_bytes=STATEMENT_LIMIT_BYTES,
            total_seconds=STATEMENT_SECONDS,
        )
        if answer.status != 200:
            raise ChannelError(
                kind=ErrorKind.INVALID,
                code=f"http_{answer.status}",
                message=answer.exchange.answer,
                permanent=True,
                raw=answer.exchange.as_dict(),
            )
        return answer.body

    def _send(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        safe: bool,
        body: bytes = b"",
        limit_bytes: int = ANSWER_LIMIT_BYTES,
        total_seconds: float | None = None,
    ) -> Answer:
        patience = float(self._credentials.settings.get("timeout_seconds", TIMEOUT_SECONDS))
        call = Call(
            account_id=self._credentials.account_id,
            method=method,
            url=f"{self._credentials.base_url.rstrip('/')}{path}",
            headers={
                "Content-Type": "application/json",
                **request_headers(
                    account=self._credentials.account_id,
                    secret=self._credentials.secret,
                    method=method,
                    path=path,
                    timestamp=int(time.time()),
                    body=body,
                ),
            },
            body=body,
            safe=safe,
            connect_seconds=min(CONNECT_SECONDS, patience),
            read_seconds=patience,
            total_seconds=total_seconds or patience,
            answer_limit_bytes=limit_bytes,
        )
        try:
            return self._client.send(call)
        except NotSent as failure:
            raise ChannelError(
                kind=ErrorKind.RETRY_SAME,
                code="not_sent",
                message=failure.exchange.problem,
                permanent=False,
                raw=failure.exchange.as_dict(),
            ) from failure

    def _read(self, answer: Answer) -> Reply:
        try:
            data = json.loads(answer.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise AnswerUnknown(replace(answer.exchange, problem="unreadable"))
        reply = Reply(answer.status, data, answer.exchange)
        kind, permanent = DOOR.get(answer.status, (None, True))
        if reply.error.get("code") == "reference_reused":
            kind = ErrorKind.CONFLICT
        if kind is not None:
            raise ChannelError(
                kind=kind,
                code=plain(reply.error.get("code", f"http_{answer.status}"), 64),
                message=plain(reply.error.get("message", ""), 255),
                permanent=permanent,
                raw=answer.exchange.as_dict(),
            )
        return reply

"""A request as it arrived, an answer as it will leave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from payments.channels.sandbox.simulation.scenarios import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    location: str = ""
    fault: Fault = Fault.NONE
    notices_first: list[int] = field(default_factory=list)


def as_json(
    data: object, *, status: int = 200, fault: Fault = Fault.NONE, first: list[int] | None = None
) -> Answer:
    body = json.dumps(data, ensure_ascii=False).encode()
    return Answer(status=status, body=body, fault=fault, notices_first=first or [])


def as_page(html: str, *, status: int = 200) -> Answer:
    return Answer(status=status, content_type="text/html; charset=utf-8", body=html.encode())

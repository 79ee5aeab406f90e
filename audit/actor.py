"""Who does something, as a value that every service receives."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    MERCHANT = "merchant"
    OPERATOR = "operator"
    CHANNEL = "channel"
    PAYER = "payer"
    CLOCK = "clock"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is a public id (`key_…`, `opr_…`, `cha_…`) or a task's name; `request_id` ties the
    records of one request together."""

    kind: ActorKind
    id: str
    request_id: str = ""
    ip: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def clock(task: str) -> Actor:
    """The actor of scheduled work; `task` names it."""
    return Actor(kind=ActorKind.CLOCK, id=task)

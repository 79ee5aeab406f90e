"""What was found out, as values, before anything is written."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reconciliation.states import DiscrepancyKind, LineState


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was found out about one line. `fact` is the public id of what it matches; `settles`: the
    channel pays us for the fact through this very line."""

    line_pk: int
    state: LineState
    verdict: DiscrepancyKind | None = None
    fact: str = ""
    settles: bool = False
    ticket_pk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a ticket is about. The same `subject` of the same kind is the same difference."""

    kind: DiscrepancyKind
    subject: str
    business_date: date
    amount_minor: int
    currency: str
    our_reference: str = ""
    their_reference: str = ""
    payment: str = ""
    fact: str = ""
    suspense_item: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

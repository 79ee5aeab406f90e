"""What was found out, as values, before anything is written."""

from dataclasses import dataclass

from reconciliation.states import DiscrepancyKind, LineState


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was found out about one line. `fact` is the public id of what it matches; `settles`: the
    channel's payment for it is still to be booked."""

    line_pk: int
    state: LineState
    verdict: DiscrepancyKind | None
    fact: str
    settles: bool

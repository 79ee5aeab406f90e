"""The night: five differences are planted in the channel's statement, and reconciliation looks for them."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from config.demo import commands
from config.demo.cast import CHANNEL
from config.demo.patience import patiently
from config.demo.results import Planted, Reconciled, Ticket
from payments.channels.sandbox.control import Control
from payments.channels.sandbox.simulation.bills import Plant
from reconciliation.states import DiscrepancyKind

WANTED = {
    Plant.UNKNOWN_LINE: DiscrepancyKind.MISSING_HERE,
    Plant.AMOUNT_DIFFERS: DiscrepancyKind.AMOUNT_MISMATCH,
    Plant.FEE_DIFFERS: DiscrepancyKind.FEE_MISMATCH,
    Plant.DUPLICATE_LINE: DiscrepancyKind.DUPLICATE_LINE,
    Plant.OMIT_LINE: DiscrepancyKind.MISSING_AT_CHANNEL,
}
USUAL_IN_SUSPENSE = (DiscrepancyKind.AMOUNT_MISMATCH, DiscrepancyKind.LATE_SUCCESS)


def plant(
    *,
    control: Control,
    account: str,
    candidates: Sequence[str],
    since: datetime,
    chance: random.Random,
) -> list[Planted]:
    """One of each kind, on charges of today, where there are that many."""
    days = {
        str(one["reference"]): datetime.fromisoformat(str(one["moved_at"])).date()
        for one in patiently(lambda: control.movements(account))
        if one["kind"] == "charge" and datetime.fromisoformat(str(one["moved_at"])) >= since
    }
    fitting = [one for one in candidates if one in days]
    chosen = iter(chance.sample(fitting, min(len(WANTED), len(fitting))))
    planted = []
    for kind, wanted in WANTED.items():
        invented = kind is Plant.UNKNOWN_LINE
        reference = "" if invented else next(chosen, "")
        if not (reference or invented):
            continue
        day = days.get(reference) or max(days.values(), default=since.date())
        about = patiently(partial(control.plant, account, day, kind, reference=reference))
        planted.append(Planted(plant=kind, wanted_kind=wanted, reference=about))
    return planted


def reconcile(days: Iterable[date]) -> list[dict[str, Any]]:
    """`manage.py reconcile` for each day: what it printed."""
    return [
        commands.ask("reconcile", "--channel", CHANNEL, "--date", day.isoformat()) for day in days
    ]


def judge(
    runs: Iterable[Mapping[str, Any]],
    *,
    planted: Iterable[Planted],
    tickets: Sequence[Ticket],
    planted_before: Iterable[str],
) -> Reconciled:
    """`planted_before` names what earlier days planted, which a day that broke off left to this one."""
    found = [_with_ticket(one, tickets) for one in planted]
    taken = {one.ticket.id for one in found if one.ticket}
    excused = set(planted_before)
    runs = list(runs)
    return Reconciled(
        lines=sum(run["lines"] for run in runs),
        matched=sum(run["matched"] for run in runs),
        healed=sum(run["healed"] for run in runs),
        planted=tuple(found),
        strangers=tuple(
            one
            for one in tickets
            if one.id not in taken and one.reference not in excused and not _is_usual(one)
        ),
    )


def _is_usual(ticket: Ticket) -> bool:
    """Scenarios of the day put such money into suspense."""
    return ticket.in_suspense and ticket.kind in USUAL_IN_SUSPENSE


def _with_ticket(planted: Planted, tickets: Iterable[Ticket]) -> Planted:
    about = [one for one in tickets if one.reference == planted.reference]
    fitting = [one for one in about if one.kind == planted.wanted_kind]
    return Planted(
        plant=planted.plant,
        wanted_kind=planted.wanted_kind,
        reference=planted.reference,
        ticket=next(iter(fitting or about), None),
    )

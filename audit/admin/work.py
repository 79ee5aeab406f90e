"""What is still owed to a row, and setting work going again that had been given up."""

from datetime import datetime
from typing import Any

from audit.admin.asking import Ask, Request
from audit.admin.sheets import Fact, Facts
from audit.admin.values import Badge
from audit.models.due import DueRow
from audit.services import due


def work(row: DueRow) -> Facts:
    """The row's debts, as a section of its sheet."""
    facts = [Fact("State", work_badge(row))]
    if row.due_at and not row.dead_at:
        facts.append(Fact("Next try", row.due_at))
    facts.append(Fact("Tries so far", row.attempts))
    if row.lease_until:
        facts.append(Fact("A worker has it until", row.lease_until))
    if row.last_error:
        facts.append(Fact("Last problem", row.last_error))
    if row.dead_at:
        facts.append(Fact("Given up", row.dead_at))
    return Facts("Work owed", facts)


def work_badge(row: DueRow) -> Badge:
    if row.dead_at:
        return Badge("Given up", "danger")
    if row.due_at is None:
        return Badge("Nothing owed")
    if row.last_error:
        return Badge("Failing", "warning")
    return Badge("Owed", "info")


def revive(permission: str, *, consequence: str) -> Ask:
    """Lets the workers try a dead row again, from the first attempt on."""
    return Ask(
        name="revive",
        label="Try again",
        permission=permission,
        consequence=consequence,
        carry_out=_revive,
        possible=is_dead,
        refusals=(due.NotDead,),
        icon="restart_alt",
    )


def is_dead(row: Any) -> bool:
    dead_at: datetime | None = row.dead_at
    return dead_at is not None


def _revive(row: DueRow, confirmed: Request) -> str:
    due.revive(row, reason=confirmed.reason, by=confirmed.by, now=confirmed.now)
    return "The workers will try again within seconds."

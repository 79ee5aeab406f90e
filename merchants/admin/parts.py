"""What several pages of merchants show alike."""

from django.db.models import TextChoices

from audit.admin.columns import StateColumn, state_badge
from audit.admin.values import Badge
from merchants.states import COLOURS, Mode


def state_column(path: str, states: type[TextChoices], title: str = "State") -> StateColumn:
    return StateColumn(path, title, labels=dict(states.choices), colours=COLOURS)


def mode_column() -> StateColumn:
    return state_column("mode", Mode, "Mode")


def badge(states: type[TextChoices], state: str) -> Badge:
    return state_badge(state, labels=dict(states.choices), colours=COLOURS)


def percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} %"

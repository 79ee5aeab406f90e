"""Draws docs/states.md's diagrams and tables from the tables of moves.

Where a state stands on the paper is said here; which arrows there are is not. Arrows that every member of a
group shares leave from the group's frame. A test compares the result with what is in the repository.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db.models import TextChoices

from payments import states as payment_states
from payments.states import Colour
from reconciliation import states as reconciliation_states

DOCS = Path(__file__).resolve().parents[1]
DIAGRAMS = DOCS / "diagrams"
PAGE = DOCS / "states.md"

COLUMN, ROW, MARGIN = 190, 92, 30
WIDTH, HEIGHT, PADDING = 138, 38, 16
FILLS: dict[str, str] = {
    Colour.CALM: "#dbeafe",
    Colour.GOOD: "#d1fae5",
    Colour.WAITING: "#fef3c7",
    Colour.BAD: "#fee2e2",
    Colour.OVER: "#e5e7eb",
}
STYLE = """
  svg { font: 14px system-ui, sans-serif; background: #fff; }
  rect.state { stroke: #475569; rx: 8px; }
  rect.start { stroke-width: 2.5px; }
  rect.group { fill: none; stroke: #64748b; stroke-dasharray: 5 4; rx: 12px; }
  text { fill: #0f172a; text-anchor: middle; dominant-baseline: central; }
  text.note { fill: #475569; font-size: 12px; }
  text.label { text-anchor: start; }
  path { fill: none; stroke: #475569; stroke-width: 1.4px; marker-end: url(#arrow); }
"""

SHEET = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
 width="{width}" height="{height}" role="img">
<title>{title}: the states and the moves between them</title>
<style>{style}</style>
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"
 orient="auto-start-reverse"><path d="M0 0 10 5 0 10z"
 style="fill:#475569;stroke:none;marker-end:none"/></marker></defs>
<rect width="100%" height="100%" fill="#fff"/>
{shapes}
</svg>
"""

# Later entries win where two nouns share a word.
COLOURS = reconciliation_states.COLOURS | payment_states.COLOURS

Point = tuple[float, float]
Move = tuple[str, str]


@dataclass(frozen=True)
class Group:
    label: str
    members: frozenset[str]


@dataclass(frozen=True)
class Machine:
    """`places` are columns and rows; `bends` push an arrow off its straight way, in pixels."""

    name: str
    title: str
    states: type[TextChoices]
    moves: frozenset[Move]
    places: dict[str, Point]
    groups: tuple[Group, ...] = ()
    bends: dict[Move, float] = field(default_factory=dict)
    notes: dict[Move, str] = field(default_factory=dict)
    starts: frozenset[str] = frozenset()

    def begins(self, state: str) -> bool:
        """Said where it cannot be seen from the moves: nothing leads to where things begin."""
        return state in self.starts or all(target != state for _, target in self.moves)


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    def border_towards(self, point: Point) -> Point:
        """Where a line from the centre to the point leaves the box."""
        dx, dy = point[0] - self.x, point[1] - self.y
        reach = min(
            self.width / 2 / abs(dx) if dx else math.inf,
            self.height / 2 / abs(dy) if dy else math.inf,
        )
        return self.x + dx * reach, self.y + dy * reach


MACHINES = [
    Machine(
        name="order",
        title="Order",
        states=payment_states.OrderState,
        moves=payment_states.ORDER_MOVES,
        places={
            "open": (0, 1),
            "paid": (1.3, 0),
            "partially_refunded": (2.6, 0),
            "refunded": (3.9, 0),
            "expired": (1.3, 1),
            "void": (1.3, 2),
        },
        bends={("paid", "refunded"): -64},
        notes={("expired", "paid"): "late"},
    ),
    Machine(
        name="payment",
        title="Payment",
        states=payment_states.PaymentState,
        moves=payment_states.PAYMENT_MOVES,
        places={
            "created": (0, 1),
            "requires_action": (1.15, 0),
            "processing": (1.15, 1),
            "authorized": (2.15, 0.5),
            "succeeded": (3.45, 0),
            "failed": (3.45, 1),
            "expired": (3.45, 2),
            "canceled": (3.45, 3),
            "partially_refunded": (4.6, 0),
            "refunded": (5.65, 0),
        },
        groups=(Group("live", frozenset({"requires_action", "processing", "authorized"})),),
        bends={
            ("created", "expired"): 70,
            ("created", "canceled"): 120,
            ("expired", "succeeded"): 210,
            ("succeeded", "refunded"): -64,
        },
        notes={("failed", "succeeded"): "late", ("expired", "succeeded"): "late"},
    ),
    Machine(
        name="attempt",
        title="Attempt",
        states=payment_states.AttemptState,
        moves=payment_states.ATTEMPT_MOVES,
        places={
            "sending": (0, 0.5),
            "requires_action": (1.1, 0),
            "processing": (1.1, 1),
            "authorized": (2.5, 0.5),
            "succeeded": (3.8, 0.5),
            "failed": (2.95, 1.7),
            "canceled": (2.1, 2.5),
        },
        groups=(Group("open", frozenset({"sending", "requires_action", "processing"})),),
        bends={
            ("open", "succeeded"): -84,
            ("canceled", "succeeded"): 190,
        },
        notes={("failed", "succeeded"): "late", ("canceled", "succeeded"): "late"},
    ),
    Machine(
        name="capture",
        title="Capture",
        states=payment_states.CaptureState,
        moves=payment_states.CAPTURE_MOVES,
        places={"processing": (0, 0.4), "succeeded": (1.3, 0), "failed": (1.3, 0.8)},
    ),
    Machine(
        name="refund",
        title="Refund",
        states=payment_states.RefundState,
        moves=payment_states.REFUND_MOVES,
        places={
            "requires_approval": (0, 0.5),
            "canceled": (0, 1.6),
            "pending": (1.25, 0.5),
            "processing": (2.25, 0.5),
            "succeeded": (3.6, 0),
            "failed": (3.6, 1),
        },
        groups=(Group("open", frozenset({"pending", "processing"})),),
        starts=frozenset({"pending"}),
    ),
    Machine(
        name="receipt",
        title="Callback receipt",
        states=payment_states.ReceiptState,
        moves=payment_states.RECEIPT_MOVES,
        places={
            "received": (0, 1.2),
            "applied": (1.4, 0),
            "ignored": (1.4, 0.8),
            "parked": (1.4, 1.6),
            "rejected": (1.4, 2.4),
        },
    ),
    Machine(
        name="file",
        title="Statement file",
        states=reconciliation_states.FileState,
        moves=reconciliation_states.FILE_MOVES,
        places={
            "awaited": (0, 0),
            "kept": (1.2, 0),
            "read": (2.4, 0),
            "compared": (3.6, 0),
            "repeated": (0, 1),
            "refused": (1.8, 1),
        },
    ),
    Machine(
        name="line",
        title="Statement line",
        states=reconciliation_states.LineState,
        moves=reconciliation_states.LINE_MOVES,
        places={
            "new": (0, 1),
            "matched": (1.4, 0),
            "healed": (1.4, 1),
            "ticketed": (1.4, 2),
        },
    ),
    Machine(
        name="run",
        title="Run",
        states=reconciliation_states.RunState,
        moves=reconciliation_states.RUN_MOVES,
        places={"running": (0, 0.4), "finished": (1.3, 0), "interrupted": (1.3, 0.8)},
    ),
    Machine(
        name="ticket",
        title="Ticket",
        states=reconciliation_states.TicketState,
        moves=reconciliation_states.TICKET_MOVES,
        places={
            "open": (0, 0),
            "investigating": (0, 1),
            "resolved": (1.7, 0),
            "healed": (1.7, 1),
        },
        groups=(Group("at work", frozenset({"open", "investigating"})),),
        starts=frozenset({"open"}),
    ),
]


def write() -> None:
    DIAGRAMS.mkdir(exist_ok=True)
    for machine in MACHINES:
        picture_of(machine).write_text(drawn(machine))
    PAGE.write_text(with_tables(PAGE.read_text()))


def picture_of(machine: Machine) -> Path:
    return DIAGRAMS / f"{machine.name}-states.svg"


def with_tables(page: str) -> str:
    """The page with each machine's table put between its two marks."""
    for machine in MACHINES:
        begin, end = f"<!-- moves of {machine.name}: generated -->", "<!-- end -->"
        head, _, rest = page.partition(begin)
        _, _, tail = rest.partition(end)
        page = f"{head}{begin}\n{table(machine)}\n{end}{tail}"
    return page


def table(machine: Machine) -> str:
    rows = ["| from | to |", "|---|---|"]
    for state in machine.states:
        targets = [other for other in machine.states if (state, other) in machine.moves]
        shown = ", ".join(f"`{target}`" for target in targets) or "nothing: it is final"
        rows.append(f"| `{state}` | {shown} |")
    return "\n".join(rows)


def drawn(machine: Machine) -> str:
    boxes = {state: _box(place) for state, place in machine.places.items()}
    boxes |= {g.label: _frame([boxes[m] for m in g.members]) for g in machine.groups}
    arrows = [
        _arrow(machine, move, boxes) for move in sorted(_grouped(machine.moves, machine.groups))
    ]
    width = max(box.x + box.width / 2 for box in boxes.values()) + MARGIN
    height = max(box.y + box.height / 2 for box in boxes.values()) + MARGIN
    shapes = [
        *(_group(group, boxes[group.label]) for group in machine.groups),
        *(shape for arrow in arrows for shape in arrow),
        *(_state(machine, state, boxes[state]) for state in machine.places),
    ]
    return SHEET.format(
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        title=machine.title,
        style=STYLE,
        shapes="\n".join(shapes),
    )


def _grouped(moves: Iterable[Move], groups: Iterable[Group]) -> set[Move]:
    """Moves that all members of a group make, out of the group, as one move of the group's."""
    found = {(str(a), str(b)) for a, b in moves}
    for group in groups:
        for target in {b for _, b in found} - group.members:
            shared = {(member, target) for member in group.members}
            if shared <= found:
                found = found - shared | {(group.label, target)}
    return found


def _box(place: Point) -> Box:
    column, row = place
    x = MARGIN + WIDTH / 2 + column * COLUMN
    return Box(x, MARGIN + 34 + HEIGHT / 2 + row * ROW, WIDTH, HEIGHT)


def _frame(members: list[Box]) -> Box:
    left = min(box.x - box.width / 2 for box in members) - PADDING
    right = max(box.x + box.width / 2 for box in members) + PADDING
    top = min(box.y - box.height / 2 for box in members) - PADDING - 8
    bottom = max(box.y + box.height / 2 for box in members) + PADDING
    return Box((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def _state(machine: Machine, state: str, box: Box) -> str:
    fill = FILLS[COLOURS.get(machine.states(state), Colour.CALM)]
    return (
        f'<rect class="state{" start" if machine.begins(state) else ""}" x="{box.x - box.width / 2:.1f}"'
        f' y="{box.y - box.height / 2:.1f}" width="{box.width}" height="{box.height}"'
        f' fill="{fill}"/><text x="{box.x:.1f}" y="{box.y:.1f}">{state}</text>'
    )


def _group(group: Group, box: Box) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    return (
        f'<rect class="group" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}"'
        f' height="{box.height:.1f}"/><text class="note label" x="{left + 10:.1f}"'
        f' y="{top + 12:.1f}">{group.label}</text>'
    )


def _arrow(machine: Machine, move: Move, boxes: dict[str, Box]) -> list[str]:
    source, target = boxes[move[0]], boxes[move[1]]
    there_and_back = (move[1], move[0]) in machine.moves
    bend = machine.bends.get(move, 16 if there_and_back else 0)
    middle = ((source.x + target.x) / 2, (source.y + target.y) / 2)
    length = math.hypot(target.x - source.x, target.y - source.y)
    # Perpendicular to the straight way, to its right when positive.
    aside = (
        middle[0] - (target.y - source.y) / length * bend,
        middle[1] + (target.x - source.x) / length * bend,
    )
    x1, y1 = source.border_towards(aside if bend else (target.x, target.y))
    x2, y2 = target.border_towards(aside if bend else (source.x, source.y))
    way = f"Q{aside[0]:.1f} {aside[1]:.1f} {x2:.1f} {y2:.1f}" if bend else f"L{x2:.1f} {y2:.1f}"
    shapes = [f'<path d="M{x1:.1f} {y1:.1f}{way}"/>']
    if move in machine.notes:
        x, y = (x1 + 2 * aside[0] + x2) / 4, (y1 + 2 * aside[1] + y2) / 4
        shapes.append(
            f'<text class="note" x="{x + 26:.1f}" y="{y:.1f}">{machine.notes[move]}</text>'
        )
    return shapes

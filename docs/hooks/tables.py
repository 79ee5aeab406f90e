"""The tables of the documentation that are the code's own: written into the pages between two marks."""

import ast
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path

from audit.ids import PREFIXES
from config.schedule import SCHEDULE, Tick
from ledger.chart import CHART
from merchants.api.problems import PROBLEMS
from merchants.events import EVENT_TYPES
from merchants.models.webhook import RETRY_SECONDS
from payments import events as payment_events

DOCS = Path(__file__).resolve().parents[1]
PACKAGES = ("audit", "ledger", "merchants", "payments", "reconciliation", "config")
END = "<!-- end -->"
DISABLED = "webhook_endpoint.disabled"


def problems() -> Iterator[str]:
    """One table per status, so that the reader finds the place by what is seen first."""
    import_module("config.urls")  # every door adds its codes when it is loaded
    by_status = sorted(PROBLEMS.items(), key=lambda item: item[1].status)
    for status, found in groupby(by_status, key=lambda item: item[1].status):
        yield f"\n## {status}\n\n| code | what it says | what to do |\n|---|---|---|"
        for code, problem in found:
            yield f"| `{code}` | {problem.title} | {problem.remedy} |"
    yield ""


def events() -> Iterator[str]:
    """Those that something sends."""
    sent = {v for k, v in vars(payment_events).items() if k.startswith(("PAYMENT_", "REFUND_"))}
    yield "| type | when |\n|---|---|"
    for name, meaning in EVENT_TYPES.items():
        if name in sent | {DISABLED}:
            yield f"| `{name}` | {meaning} |"


def chart() -> Iterator[str]:
    yield "| kind | name | normal side | owner | may go negative |\n|---|---|---|---|---|"
    for kind, rules in CHART.items():
        owner = rules.owner_kind.replace("_", " ")
        negative = "yes" if rules.may_go_negative else "no"
        yield f"| `{kind}` | {rules.label} | {rules.normal_side} | {owner} | {negative} |"


def schedule() -> Iterator[str]:
    yield "| what | when | why then |\n|---|---|---|"
    for tick in SCHEDULE:
        yield f"| {tick.name} | {_when(tick)} | {tick.why} |"


def rooms() -> Iterator[str]:
    """Every module with the first sentence that it says about itself."""
    for package in PACKAGES:
        yield f"\n### {package}\n\n| room | what it is for |\n|---|---|"
        for path in sorted((DOCS.parent / package).rglob("*.py")):
            if path.name in {"apps.py", "__main__.py"} or "migrations" in path.parts:
                continue
            said = ast.get_docstring(ast.parse(path.read_text()))
            if said:
                yield f"| `{_room(path)}` | {_first_sentence(said)} |"
    yield ""


def prefixes() -> Iterator[str]:
    yield "| prefix | of |\n|---|---|"
    for prefix, meaning in PREFIXES.items():
        yield f"| `{prefix}_` | {meaning} |"


TABLES: dict[str, tuple[Path, Callable[[], Iterator[str]]]] = {
    "problems": (DOCS / "merchants/errors.md", problems),
    "events": (DOCS / "merchants/webhooks.md", events),
    "chart": (DOCS / "ledger.md", chart),
    "schedule": (DOCS / "operators/running.md", schedule),
    "rooms": (DOCS / "rooms.md", rooms),
    "prefixes": (DOCS / "architecture.md", prefixes),
}


def with_table(page: str, name: str) -> str:
    """The page with the table put between its two marks. Raises ValueError where they are missing."""
    begin = f"<!-- {name}: generated -->"
    head, _, rest = page.partition(begin)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"no place for {name}")
    rows = "\n".join(TABLES[name][1]())
    return f"{head}{begin}\n{rows}\n{END}{tail}"


def retry_times() -> list[str]:
    """The pauses between deliveries as people say them: 1 minute, 3 hours."""
    return [_span(seconds) for seconds in RETRY_SECONDS]


def _room(path: Path) -> str:
    room = path.relative_to(DOCS.parent)
    return f"{room.parent}/" if path.name == "__init__.py" else str(room)


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return paragraph.split(". ")[0].rstrip(".").replace("|", "\\|")


def _when(tick: Tick) -> str:
    if tick.seconds is None:
        return f"each day at {tick.hour:02}:{tick.minute:02} UTC"
    return f"every {_span(tick.seconds).removeprefix('1 ')}"


def _span(seconds: int) -> str:
    for unit, length in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''}"
    raise ValueError(seconds)

"""How the day is told while it happens: bars at a terminal, plain lines everywhere else."""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

PLAIN_EVERY_SECONDS = 5.0


class Step(Protocol):
    def to(self, done: int) -> None:
        """So much of it is done."""

    def note(self, text: str) -> None:
        """What is going on just now."""


class Stage(Protocol):
    console: Console

    def say(self, text: str) -> None: ...

    def step(self, title: str, *, total: int | None = None) -> AbstractContextManager[Step]: ...


def open_stage() -> Stage:
    console = Console(highlight=False)
    return TerminalStage(console) if console.is_terminal else PlainStage(console)


class TerminalStage:
    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str) -> None:
        self.console.print(text, markup=False)

    @contextmanager
    def step(self, title: str, *, total: int | None = None) -> Iterator[Step]:
        columns = (
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[count]:>12}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
        )
        with Progress(*columns, console=self.console) as bars:
            task = bars.add_task(f"{title:<44}", total=total, count="", note="")
            bar = _Bar(bars, task, total)
            yield bar
            bar.note("")
            bars.update(task, total=bar.done or 1, completed=bar.done or 1)


class _Bar:
    def __init__(self, bars: Progress, task: TaskID, total: int | None) -> None:
        self._bars, self._task, self._total = bars, task, total
        self.done = 0

    def to(self, done: int) -> None:
        self.done = done
        self._bars.update(self._task, completed=done, count=_count(done, self._total))

    def note(self, text: str) -> None:
        self._bars.update(self._task, note=escape(text))


class PlainStage:
    """A line at the beginning, at the end, and every few seconds between."""

    def __init__(self, console: Console) -> None:
        self.console = Console(file=console.file, width=max(console.width, 112), highlight=False)
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)
        sys.stdout.flush()

    @contextmanager
    def step(self, title: str, *, total: int | None = None) -> Iterator[Step]:
        lines = _Lines(self, title, total)
        lines.write("…")
        yield lines
        lines.write(f"done, {lines.done:,}" if lines.done else "done")

    def write(self, text: str) -> None:
        self.say(f"{time.monotonic() - self._began:6.1f} s  {text}")


class _Lines:
    def __init__(self, stage: PlainStage, title: str, total: int | None) -> None:
        self._stage, self._title, self._total = stage, title, total
        self._written_at = time.monotonic()
        self.done = 0

    def to(self, done: int) -> None:
        self.done = done
        self._now_and_then(_count(done, self._total))

    def note(self, text: str) -> None:
        self._now_and_then(text)

    def _now_and_then(self, text: str) -> None:
        if time.monotonic() - self._written_at > PLAIN_EVERY_SECONDS:
            self.write(text)

    def write(self, text: str) -> None:
        self._written_at = time.monotonic()
        self._stage.write(f"{self._title}: {text}")


def _count(done: int, total: int | None) -> str:
    return f"{done:,} of {total:,}" if total else f"{done:,}"

"""A page about one row: what matters first, what happened, what belongs to it.

Pages of money have no form to fill in, so they are not built from form fields. A sheet is a value; one
template renders it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from audit.admin.values import Evidence, Moment, shown


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that people look for; `tone` is good, bad or empty."""

    label: str
    value: Any
    hint: Any = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: Any

    @property
    def html(self) -> SafeString:
        return shown(self.value)


@dataclass(frozen=True, slots=True)
class Facts:
    title: str
    facts: Sequence[Fact]
    template: str = field(default="admin/sheet/facts.html", init=False)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's; numbers stand to the right."""

    label: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    html: SafeString
    number: bool


@dataclass(frozen=True, slots=True)
class Table:
    """`total` is a last row in bold, `more` the address of the whole list, `note` a line above."""

    title: str
    headings: Sequence[Heading | str]
    rows: Sequence[Sequence[Any]]
    empty: str = "Nothing here yet."
    total: Sequence[Any] = ()
    more: str = ""
    note: Any = ""
    template: str = field(default="admin/sheet/table.html", init=False)

    @property
    def columns(self) -> list[Heading]:
        return [h if isinstance(h, Heading) else Heading(h) for h in self.headings]

    @property
    def lines(self) -> list[list[Cell]]:
        return [self._cells(row) for row in self.rows]

    @property
    def last_line(self) -> list[Cell]:
        return self._cells(self.total)

    def _cells(self, row: Sequence[Any]) -> list[Cell]:
        return [
            Cell(shown(value), column.number)
            for value, column in zip(row, self.columns, strict=False)
        ]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened; `colour` is a badge's."""

    at: datetime
    title: Any
    colour: str = "default"
    detail: Any = ""
    evidence: Sequence[Evidence] = ()

    @property
    def when(self) -> Moment:
        return Moment(self.at)


@dataclass(frozen=True, slots=True)
class Timeline:
    title: str
    happenings: Sequence[Happening]
    empty: str = "Nothing has happened yet."
    template: str = field(default="admin/sheet/timeline.html", init=False)

    @property
    def in_order(self) -> list[Happening]:
        return sorted(self.happenings, key=lambda happening: happening.at)


Section = Facts | Table | Timeline


@dataclass(frozen=True, slots=True)
class Sheet:
    """`heading` says in words what the page is about; `badges` stand beside it."""

    heading: Any
    badges: Sequence[Any] = ()
    figures: Sequence[Figure] = ()
    main: Sequence[Section] = ()
    side: Sequence[Section] = ()

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

LONGEST_LINE = 24


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
    wraps: bool


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
        return _columns(self.headings)

    @property
    def lines(self) -> list[list[Cell]]:
        return [_cells(row, self.columns) for row in self.rows]

    @property
    def last_line(self) -> list[Cell]:
        return _cells(self.total, self.columns)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a title of their own, with their own sum."""

    title: Any
    note: Any
    rows: Sequence[Sequence[Any]]
    total: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class GroupLines:
    title: Any
    note: Any
    lines: list[list[Cell]]
    last_line: list[Cell]


@dataclass(frozen=True, slots=True)
class GroupedTable:
    """One table with several groups, so that their columns stand under each other."""

    title: str
    headings: Sequence[Heading | str]
    groups: Sequence[Group]
    empty: str = "Nothing here yet."
    template: str = field(default="admin/sheet/grouped.html", init=False)

    @property
    def columns(self) -> list[Heading]:
        return _columns(self.headings)

    @property
    def parts(self) -> list[GroupLines]:
        columns = self.columns
        return [
            GroupLines(
                group.title,
                group.note,
                [_cells(row, columns) for row in group.rows],
                _cells(group.total, columns),
            )
            for group in self.groups
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


Section = Facts | Table | GroupedTable | Timeline


@dataclass(frozen=True, slots=True)
class Sheet:
    """`heading` says in words what the page is about, `badges` stand beside it; `notice` is the one
    sentence that explains the row's state."""

    heading: Any
    badges: Sequence[Any] = ()
    figures: Sequence[Figure] = ()
    notice: Any = ""
    main: Sequence[Section] = ()
    side: Sequence[Section] = ()


def _columns(headings: Sequence[Heading | str]) -> list[Heading]:
    return [h if isinstance(h, Heading) else Heading(h) for h in headings]


def _cells(row: Sequence[Any], columns: Sequence[Heading]) -> list[Cell]:
    # Sentences wrap; ids, amounts, times and states stay on their line.
    return [
        Cell(_shown(value), column.number, isinstance(value, str) and len(value) > LONGEST_LINE)
        for value, column in zip(row, columns, strict=False)
    ]


def _shown(value: Any) -> SafeString:
    """In a table the minute is enough; the second is in the tooltip."""
    return shown(Moment(value, exact=False) if isinstance(value, datetime) else value)

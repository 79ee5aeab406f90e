"""Journals as bookkeepers write them: debit and credit in two columns that come to the same sum."""

from collections.abc import Collection, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import links
from audit.admin.sheets import Group, GroupedTable, Heading, Table
from audit.admin.values import BLANK, NOTHING, Link, Moment, words
from ledger import selectors
from ledger.admin.amounts import Figures
from ledger.selectors import EntryRow, JournalView

DEBIT, CREDIT = Heading("Debit", number=True), Heading("Credit", number=True)


def journals_about(references: Collection[str]) -> GroupedTable:
    """The journals of these facts, one under the other."""
    views = selectors.journals_about(references)
    links.learn(entry.owner for view in views for entry in view.entries)
    return GroupedTable(
        "In the books",
        ["Account", "Whose", DEBIT, CREDIT, ""],
        [_group(view) for view in views],
        empty="Nothing has been booked.",
    )


def journal_table(entries: Sequence[EntryRow]) -> Table:
    """One journal, with the balance that each entry left on its account."""
    links.learn(entry.owner for entry in entries)
    return Table(
        "Entries",
        ["Account", "Whose", DEBIT, CREDIT, "", Heading("Balance after", number=True)],
        [[*_line(entry), side(entry.balance_after_minor, entry.currency)] for entry in entries],
        total=_total(entries),
    )


def owner(public_id: str) -> Link | str:
    """The platform owns under its own name."""
    return Link(public_id) if "_" in public_id else public_id.capitalize()


def side(balance_minor: int, currency: str) -> SafeString:
    """A balance with the side that it stands on."""
    if not balance_minor:
        return NOTHING
    name = "debit" if balance_minor > 0 else "credit"
    return format_html(
        '{} <span class="zs-quiet zs-side-name">{}</span>',
        Figures(abs(balance_minor), currency),
        name,
    )


def _group(view: JournalView) -> Group:
    return Group(
        title=Link(view.public_id, words(view.fact)),
        note=Moment(view.posted_at),
        rows=[_line(entry) for entry in view.entries],
        total=_total(view.entries),
    )


def _line(entry: EntryRow) -> list[Any]:
    return [
        Link(entry.account_public_id, entry.kind.label),
        owner(entry.owner),
        Figures(entry.debit_minor, entry.currency),
        Figures(entry.credit_minor, entry.currency),
        entry.currency,
    ]


def _total(entries: Sequence[EntryRow]) -> list[Any]:
    currencies = sorted({entry.currency for entry in entries})
    if len(currencies) != 1:
        return []
    (currency,) = currencies
    return [
        "Sum",
        BLANK,
        Figures(sum(entry.debit_minor for entry in entries), currency),
        Figures(sum(entry.credit_minor for entry in entries), currency),
        currency,
    ]

"""Journals as bookkeepers write them: debit and credit in two columns that come to the same sum."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin.sheets import Heading, Table
from audit.admin.values import Link, Moment, Stack, words
from ledger import selectors
from ledger.admin.amounts import Amount, Figures
from ledger.selectors import EntryRow

Names = Mapping[str, str]


def journals_about(references: Collection[str], *, names: Names) -> list[Table]:
    """A table for each journal of these facts. `names` says who the owners are, by public id."""
    return [
        journal_table(
            words(view.fact),
            view.entries,
            names=names,
            note=format_html("{} · {}", Link(view.public_id), Moment(view.posted_at)),
        )
        for view in selectors.journals_about(references)
    ]


def journal_table(
    title: str, entries: Sequence[EntryRow], *, names: Names, note: Any = "", after: bool = False
) -> Table:
    """`after` adds the balance that each entry left on its account."""
    headings: list[Heading | str] = [
        "Account",
        Heading("Debit", number=True),
        Heading("Credit", number=True),
        "",
    ]
    if after:
        headings.append(Heading("Balance after", number=True))
    return Table(
        title,
        headings,
        [_line(entry, names, after=after) for entry in entries],
        total=_total(entries),
        note=note,
    )


def account_name(entry: EntryRow, names: Names) -> Stack:
    owner = names.get(entry.owner, entry.owner)
    return Stack(Link(entry.account_public_id, entry.kind.label), _owner(entry.owner, owner))


def _owner(public_id: str, name: str) -> Any:
    return Link(public_id, name) if "_" in public_id else name.capitalize()


def _line(entry: EntryRow, names: Names, *, after: bool) -> list[Any]:
    cells: list[Any] = [
        account_name(entry, names),
        Figures(entry.debit_minor, entry.currency),
        Figures(entry.credit_minor, entry.currency),
        entry.currency,
    ]
    return [*cells, side(entry.balance_after_minor, entry.currency)] if after else cells


def _total(entries: Sequence[EntryRow]) -> list[Any]:
    currencies = sorted({entry.currency for entry in entries})
    if len(currencies) != 1:
        return []
    (currency,) = currencies
    return [
        "Sum",
        Figures(sum(entry.debit_minor for entry in entries), currency),
        Figures(sum(entry.credit_minor for entry in entries), currency),
        currency,
    ]


def side(balance_minor: int, currency: str) -> SafeString:
    """A balance with the side that it stands on."""
    if not balance_minor:
        return Amount(0, currency).__html__()
    name = "debit" if balance_minor > 0 else "credit"
    return format_html(
        '{} <span class="zs-quiet">{}</span>', Amount(abs(balance_minor), currency), name
    )

"""Accounts: where each stands, and the entries that brought it there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from audit.admin import links
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn
from audit.admin.filters import ChoicesCheckboxFilter
from audit.admin.sheets import Figure, Heading, Sheet, Table
from audit.admin.values import Badge, Link, Moment, words
from ledger import selectors
from ledger.admin.amounts import Amount, CurrencyFilter, Figures, MoneyColumn
from ledger.admin.tables import owner, side
from ledger.chart import AccountStatus, Side
from ledger.models import Account
from ledger.selectors import EntryRow

SHOWN_ENTRIES = 50
STATUS_COLOURS = {
    AccountStatus.OPEN: "success",
    AccountStatus.FROZEN: "warning",
    AccountStatus.CLOSED: "default",
}


def status_badge(account: Account) -> Badge:
    return Badge(account.status.capitalize(), STATUS_COLOURS[AccountStatus(account.status)])


class BalanceColumn(MoneyColumn):
    """Seen from the account's normal side: what we owe to a merchant is a positive number."""

    def value(self, row: Any) -> int:
        return normal_minor(row)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    id_prefix = "acc"
    list_display = (
        IdColumn(),
        Column("get_kind_display", "Account"),
        ComputedColumn(lambda row: owner(row.owner), "Whose", name="owner"),
        Column("currency"),
        BalanceColumn("balance_minor", "Balance"),
        ComputedColumn(lambda row: words(row.normal_side), "Normal side", name="normal_side"),
        Column("version", "Entries"),
        ComputedColumn(status_badge, "Status", name="status"),
    )
    ordering = ("kind", "currency", "pk")
    list_filter = (("kind", ChoicesCheckboxFilter), CurrencyFilter)
    search_ids = {"acc": "public_id", "mch": "owner", "cha": "owner"}
    search_exact = ("owner",)
    search_help_text = "The id of an account, a merchant or a channel account"
    list_lookups = frozenset({"owner", "kind__exact"})
    named = ("owner",)

    def sheet(self, request: HttpRequest, row: Account) -> Sheet:
        entries = selectors.account_statement(row.id, limit=SHOWN_ENTRIES)
        links.learn([row.owner, *(entry.reference for entry in entries)])
        return Sheet(
            heading=f"{row.get_kind_display()}, {row.currency}",
            badges=[status_badge(row)],
            figures=[
                Figure(
                    "Balance",
                    Amount(normal_minor(row), row.currency),
                    f"Normally on the {row.normal_side} side",
                ),
                Figure("Whose", owner(row.owner)),
                Figure("Entries", f"{row.version:,}"),
                Figure("Opened", Moment(row.opened_at, exact=False)),
            ],
            main=[_statement(entries, row)],
        )


def normal_minor(account: Account) -> int:
    return account.balance_minor if account.normal_side == Side.DEBIT else -account.balance_minor


def _statement(entries: list[EntryRow], account: Account) -> Table:
    return Table(
        "Entries, newest first",
        [
            Heading("No.", number=True),
            "Booked",
            "What happened",
            "About",
            Heading("Debit", number=True),
            Heading("Credit", number=True),
            Heading("Balance", number=True),
        ],
        [
            (
                entry.version,
                entry.posted_at,
                Link(entry.journal_public_id, words(entry.fact)),
                Link(entry.reference),
                Figures(entry.debit_minor, entry.currency),
                Figures(entry.credit_minor, entry.currency),
                side(entry.balance_after_minor, entry.currency),
            )
            for entry in entries
        ],
        empty="Nothing has been booked to this account.",
        note=f"The last {SHOWN_ENTRIES} of {account.version:,}"
        if account.version > SHOWN_ENTRIES
        else "",
    )

"""The trial balance: debits, credits and balances of every kind of account, per currency."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.dateparse import parse_date, parse_datetime
from rich.console import Console
from rich.table import Table

from ledger import selectors
from ledger.chart import Books
from ledger.money import format_minor
from ledger.selectors import TrialBalance, TrialRow


class Command(BaseCommand):
    help = "Prints debit, credit and balance per currency and kind. Exits 0 if all sum to zero, else 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at",
            type=_moment,
            metavar="T",
            help="as it was posted up to this time (2026-11-20T18:00Z) or to the end of this day, UTC",
        )
        parser.add_argument("--json", action="store_true", help="print it as JSON, in minor units")

    def handle(self, *_args: Any, **options: Any) -> None:
        trial = selectors.trial_balance(at=options["at"])
        self.stdout.write(json.dumps(_as_data(trial)) if options["json"] else _readable(trial))
        if not trial.holds:
            sys.exit(1)


def _moment(text: str) -> datetime:
    try:
        day, moment = parse_date(text), parse_datetime(text)
    except ValueError:
        day = moment = None
    if day is not None:
        return datetime.combine(day, time.max, UTC)
    if moment is None:
        raise ArgumentTypeError(f"{text!r} is neither a date nor a time")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_data(trial: TrialBalance) -> dict[str, object]:
    return {
        "at": trial.at.isoformat() if trial.at else None,
        "holds": trial.holds,
        "rows": [_row_as_data(row) for row in trial.rows],
        "totals": [_row_as_data(total) for total in trial.totals],
    }


def _row_as_data(row: TrialRow) -> dict[str, object]:
    return {
        "books": row.books,
        "currency": row.currency,
        "kind": row.kind,
        "debit": row.debit_minor,
        "credit": row.credit_minor,
        "balance": row.balance_minor,
    }


def _readable(trial: TrialBalance) -> str:
    console = Console(force_terminal=sys.stdout.isatty())
    with console.capture() as captured:
        for total in trial.totals:
            console.print(_table(total, trial.of(total.books, total.currency)))
        if not trial.totals:
            console.print("Nothing was posted.")
    return captured.get().rstrip("\n")


def _table(total: TrialRow, rows: list[TrialRow]) -> Table:
    title = total.currency if total.books is Books.LIVE else f"{total.currency}, test money"
    table = Table("account", title=title, show_footer=True)
    table.columns[0].footer = "total"
    for heading, amount_minor in (
        ("debit", total.debit_minor),
        ("credit", total.credit_minor),
        ("balance", total.balance_minor),
    ):
        table.add_column(
            heading, footer=format_minor(amount_minor, total.currency), justify="right"
        )
    for row in rows:
        table.add_row(
            row.kind.label if row.kind else "",
            *(
                format_minor(amount_minor, row.currency)
                for amount_minor in (row.debit_minor, row.credit_minor, row.balance_minor)
            ),
        )
    return table

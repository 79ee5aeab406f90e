"""Compares a day's statement with our books: `manage.py reconcile --channel sandbox --date 2026-11-20`."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

from audit.actor import Actor, ActorKind
from ledger.money import format_minor
from payments.channels.base import ChannelError
from payments.selectors import bookings
from reconciliation.models import Run, Ticket
from reconciliation.selectors import headline
from reconciliation.services import runs
from reconciliation.services.imports import StatementRefused, StatementTooLarge
from reconciliation.states import DiscrepancyKind

if TYPE_CHECKING:
    from payments.models import ChannelAccount

BY = Actor(kind=ActorKind.SYSTEM, id="manage.py reconcile")
CALLED_WRONGLY = 2


class Command(BaseCommand):
    help = (
        "Fetches (or takes from --file) a channel's statement of one UTC day and compares it line by"
        " line. Exit 0: nothing is unexplained after it; 1: something is, or the statement cannot be"
        " had or read; 2: called wrongly."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--channel", required=True)
        parser.add_argument("--date", required=True, type=date.fromisoformat, help="2026-11-20")
        parser.add_argument("--account", default="", help="cha_…, where the channel has several")
        parser.add_argument("--file", type=Path, help="a statement that was received otherwise")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        account = _account(options["channel"], options["account"])
        data = _read(options["file"])
        try:
            with _progress() as progress:
                run = runs.reconcile(
                    channel_account=account,
                    business_date=options["date"],
                    file=data,
                    by=BY,
                    now=timezone.now(),
                    progress=progress,
                )
        except (
            ChannelError,
            StatementRefused,
            StatementTooLarge,
            runs.ComparisonUnderWay,
        ) as error:
            raise CommandError(str(error)) from error
        at_work = runs.tickets_at_work(run)
        unexplained = headline.unexplained()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(run, at_work)))
        else:
            self.stdout.write(_readable(run, at_work, unexplained))
        if any(row.total_minor for row in unexplained):
            sys.exit(1)


def _account(channel: str, public_id: str) -> "ChannelAccount":
    found = bookings.accounts(channel=channel, public_id=public_id)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError("There is no such channel account.", returncode=CALLED_WRONGLY)
    names = ", ".join(f"{account.public_id} ({account.title})" for account in found)
    raise CommandError(f"Which --account? {names}", returncode=CALLED_WRONGLY)


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=CALLED_WRONGLY) from error


def _as_json(run: Run, at_work: list[Ticket]) -> dict[str, object]:
    """`lines` = `matched` + `healed` + the discrepancies that have a line (all but missing_at_channel)."""
    return {
        "run": run.public_id,
        "lines": run.line_count,
        "matched": run.matched_count,
        "discrepancies": dict(sorted(run.discrepancies.items())),
        "healed": run.healed_count,
        "tickets": [ticket.public_id for ticket in at_work],
    }


def _readable(run: Run, at_work: list[Ticket], unexplained: list[headline.Unexplained]) -> str:
    console = Console(force_terminal=sys.stdout.isatty())
    with console.capture() as captured:
        console.print(_lines(run))
        if at_work:
            console.print(_tickets(at_work))
        for row in unexplained:
            console.print(
                f"Unexplained money: {format_minor(row.total_minor, row.currency)}",
                style="bold red" if row.total_minor else "green",
                highlight=False,
            )
    return captured.get().rstrip("\n")


def _lines(run: Run) -> Table:
    table = Table("Lines", title=f"{run.channel_account.title}, {run.business_date}")
    table.add_column(f"{run.line_count:,}", justify="right")
    table.add_row("Matched", f"{run.matched_count:,}")
    table.add_row("Healed", f"{run.healed_count:,}")
    for kind, count in run.discrepancies.items():
        table.add_row(DiscrepancyKind(kind).label, f"{count:,}")
    table.caption = run.public_id
    return table


def _tickets(at_work: list[Ticket]) -> Table:
    # Folded, never cut: an id is there to be copied.
    table = Table(title="Tickets at work")
    for column in ("Ticket", "What", "At stake", "Our reference", "Until (UTC)"):
        right = column == "At stake"
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for ticket in at_work:
        table.add_row(
            ticket.public_id,
            DiscrepancyKind(ticket.kind).label,
            format_minor(ticket.amount_minor, ticket.currency),
            # Text, not markup: the channel wrote it.
            Text(ticket.our_reference),
            f"{ticket.sla_due_at:%Y-%m-%d %H:%M}",
        )
    return table


@contextmanager
def _progress() -> Iterator[runs.Progress | None]:
    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        yield None
        return
    with Progress(console=terminal, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done)

        yield report

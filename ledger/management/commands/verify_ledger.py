"""Proves that the books hold, or names the rows that say otherwise."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict, astuple
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Column, Table
from rich.text import Text

from ledger.services.proof import Proof, verify

SHOWN = 50


class Command(BaseCommand):
    help = "Adds up every row of the ledger again. Exits 0 if the books hold, 1 if they do not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the proof as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        proof = _verify_with_progress()
        self.stdout.write(json.dumps(asdict(proof)) if options["json"] else _readable(proof))
        if not proof.ok:
            sys.exit(1)


def _verify_with_progress() -> Proof:
    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        return verify()
    with Progress(console=terminal, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done)

        return verify(report)


def _readable(proof: Proof) -> str:
    console = Console(force_terminal=sys.stdout.isatty())
    with console.capture() as captured:
        if proof.violations:
            console.print(_violations(proof))
        counted = proof.checked
        console.print(
            f"{'The books hold' if proof.ok else f'{len(proof.violations)} violations'}: "
            f"{counted.accounts:,} accounts, {counted.journals:,} journals, "
            f"{counted.entries:,} entries in {proof.seconds:.1f} s",
            style="green" if proof.ok else "bold red",
            highlight=False,
        )
    return captured.get().rstrip("\n")


def _violations(proof: Proof) -> Table:
    # Folded, never cut: an id is there to be copied.
    table = Table(*(Column(name, overflow="fold") for name in ("check", "table", "id", "detail")))
    for violation in proof.violations[:SHOWN]:
        # Text, not markup: what stands in a damaged row is not ours.
        table.add_row(*(Text(value) for value in astuple(violation)))
    if len(proof.violations) > SHOWN:
        table.caption = f"and {len(proof.violations) - SHOWN} more: see --json"
    return table

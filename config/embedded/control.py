"""The remote control of the process tree, for the command line and for the demo."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from config.embedded import places, processes, supervisor
from config.embedded.tree import Record, Tree, open_tree

START_SECONDS = 240.0
STOP_SECONDS = 60.0


class StartFailed(Exception):
    """The tree is not up; the text says why."""


def up(
    *, wait: bool = True, servers_only: bool = False, say: Callable[[str], None] = print
) -> Record:
    """Start the tree in the background, unless it runs. `say` gets a line for each step.

    Raises StartFailed.
    """
    tree = open_tree()
    started = None
    log = tree.logs / "supervisor.log"
    log.touch()
    with log.open() as lines:
        lines.seek(0, 2)
        if not tree.is_locked():
            started = _start_supervisor(log, servers_only=servers_only)
        return _follow(tree, lines, started, wait=wait, say=say)


def down() -> bool:
    """Stop the tree, and whatever an earlier one left. False when nothing ran."""
    tree = open_tree()
    ran = tree.is_locked()
    holder = tree.supervisor()
    if ran and holder is not None:
        processes.end(holder, with_signal=15, patience_seconds=STOP_SECONDS)
    processes.wait_until(lambda: not tree.is_locked(), seconds=5)
    with tree.lock() as ours:
        if ours:
            supervisor.sweep(tree)
    return ran


def status() -> Record:
    tree = open_tree()
    return tree.read() if tree.is_locked() else Record(failure=tree.read().failure)


def environment(*, owner: bool = False) -> dict[str, str]:
    """What the running processes were told: for a command beside them.

    As zerosum_app, or as the owner of the tables.
    """
    tree = open_tree()
    record = tree.read()
    found = dict(record.owner_environment if owner else record.environment)
    secrets = tree.directory / "secrets"
    if (secrets / "keyring.json").exists():
        found.setdefault("KEYRING", f"file:{secrets / 'keyring.json'}")
        found.setdefault("SECRET_KEY", (secrets / "secret_key").read_text())
    return found


def is_whole(record: Record) -> bool:
    return record.phase == "ready" and all(
        one["state"] == "up" for one in record.processes.values()
    )


def as_json(record: Record) -> str:
    shown = {
        "phase": record.phase,
        "addresses": record.addresses,
        "processes": record.processes,
        "failure": record.failure,
    }
    return json.dumps(shown, indent=1)


def _start_supervisor(log: Path, *, servers_only: bool) -> "subprocess.Popen[bytes]":
    more = ["--servers"] if servers_only else []
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "config.embedded", "up", "--foreground", *more],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=places.CHECKOUT,
            start_new_session=True,
        )


def _follow(
    tree: Tree,
    lines: TextIO,
    started: "subprocess.Popen[bytes] | None",
    *,
    wait: bool,
    say: Callable[[str], None],
) -> Record:
    """Relay the supervisor's lines until the tree is up, or until there is a supervisor."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        record = tree.read()
        for line in lines:
            say(line.rstrip())
        if tree.is_locked() and (record.phase == "ready" or not wait):
            return record
        if started is not None and started.poll() is not None and not tree.is_locked():
            raise StartFailed(record.failure or f"see {lines.name}")
        if time.monotonic() > deadline:
            raise StartFailed(f"not up after {START_SECONDS:.0f} s: see {tree.logs}")
        time.sleep(0.1)

"""Servers for one command: `python -m config.embedded exec -- pytest`.

They live in a directory of their own that goes with them, so that any number of commands, and a
running `up`, do not meet.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.embedded import places, postgres, processes, servers
from config.embedded.places import Account
from config.embedded.programs import Watched

PREFIX = "zerosum-exec-"
START_SECONDS = 30.0


class ServerSilent(Exception):
    """A server did not come up; the text holds its last words."""


def execute(command: Sequence[str]) -> int:
    """Run `command` beside servers of its own; its exit status, as a shell gives it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    account = places.unprivileged_account()
    _remove_abandoned()
    with _directory(account) as place:
        ours = servers.servers_in(
            place,
            sockets=places.room(place, "run", account),
            state=places.state_directory(account),
            account=account,
            environ=os.environ,
        )
        with _running(ours, place):
            environment = (
                _without_default_settings(servers.inherited(os.environ, ours))
                | ours.variables(os.environ, role=postgres.OWNER)
                | servers.secrets_in(place, account=None, environ=os.environ)
            )
            return _run(command, environment)


def _leave(number: int, frame: object) -> None:  # noqa: ARG001 - signal's signature
    """Before the command runs: put away what was made so far."""
    sys.exit(128 + number)


@contextmanager
def _running(ours: servers.Servers, place: Path) -> Iterator[None]:
    ours.create()
    started = [
        Watched(program, log=place / f"{program.name}.log") for program in ours.programs(mark={})
    ]
    try:
        for one in started:
            one.start()
        for one in started:
            if not one.wait_until_ready(seconds=START_SECONDS):
                raise ServerSilent(f"{one.program.name} does not come up\n{one.last_words()}")
        ours.furnish()
        if ours.cluster is not None:
            ours.cluster.loosen_for_tests()
        yield
    finally:
        for one in started:
            one.stop()


def _without_default_settings(environment: dict[str, str]) -> dict[str, str]:
    """Importing `config` has set the default in our own environment; pytest would take it for
    the user's choice. Commands that want this default set it themselves."""
    if environment.get("DJANGO_SETTINGS_MODULE") == "config.settings.local":
        del environment["DJANGO_SETTINGS_MODULE"]
    return environment


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    # At a terminal, Ctrl-C reaches the command by itself, for it stays in our group. Otherwise
    # it gets a group of its own, so that nothing of it outlives this call.
    at_terminal = sys.stdin.isatty()
    try:
        running = subprocess.Popen(  # noqa: S603 - the caller's own command line
            command,
            env=environment,
            process_group=None if at_terminal else 0,
            preexec_fn=processes.dying_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one thread
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127

    def forward(number: int, frame: object) -> None:  # noqa: ARG001 - signal's signature
        if running.poll() is None and not (at_terminal and number == signal.SIGINT):
            running.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    status = running.wait()
    if not at_terminal:
        processes.kill_group(running.pid)
    return status if status >= 0 else 128 - status


@contextmanager
def _directory(account: Account | None) -> Iterator[Path]:
    """Locked while we live, so that a later call sees which directories nobody needs."""
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    if account is not None:
        place.chmod(0o711)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _remove_abandoned() -> None:
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = place / "lock"
        if place.lstat().st_uid != os.geteuid() or not lock.exists():
            continue
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(place, ignore_errors=True)

"""Starting a process so that it cannot outlive us unnoticed, and ending only what is ours."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.embedded.places import Account

# Every process of a tree carries this variable with the tree's state directory, and so do its
# descendants: by it a later `up` or `down` finds what a killed supervisor left.
MARK = "ZEROSUM_SUPERVISED_IN"

_PR_SET_PDEATHSIG = 1
LINUX: bool = sys.platform == "linux"
_libc = ctypes.CDLL(None) if LINUX else None


@dataclass(frozen=True)
class Identity:
    """A process that is not mistaken for a later one with the same number."""

    pid: int
    started: str


def identify(pid: int) -> Identity | None:
    """None when no such process lives (a zombie does not)."""
    if LINUX:
        return _identify_by_proc(pid)
    asked = subprocess.run(  # noqa: S603 - a number is the only thing put in
        ["/bin/ps", "-o", "lstart=", "-o", "stat=", "-p", str(pid)],
        check=False,
        capture_output=True,
        text=True,
    )
    words = asked.stdout.split()
    if not words or words[-1].startswith("Z"):
        return None
    return Identity(pid=pid, started=" ".join(words[:-1]))


def alive(identity: Identity) -> bool:
    return identify(identity.pid) == identity


def command_line(pid: int) -> str:
    """Empty when no such process lives."""
    if LINUX:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            return ""
    asked = subprocess.run(  # noqa: S603 - a number is the only thing put in
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)],
        check=False,
        capture_output=True,
        text=True,
    )
    return asked.stdout.strip()


def marked(directory: Path) -> list[Identity]:
    """The processes that carry this state directory's mark. Linux only; elsewhere none is found."""
    sign = f"{MARK}={directory}".encode()
    return [found for pid in _pids() if sign in _environment(pid) and (found := identify(pid))]


def has_children(pid: int) -> bool:
    """Linux only; elsewhere it cannot be seen cheaply, and the answer is yes."""
    try:
        return not LINUX or bool(Path(f"/proc/{pid}/task/{pid}/children").read_text())
    except OSError:
        return False


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    account: Account | None,
    directory: Path,
    output: IO[bytes] | int | None,
    last_signal: int = signal.SIGTERM,
    keep_open: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a process in a group of its own; it gets `last_signal` when we die (on Linux)."""
    return subprocess.Popen(  # noqa: S603 - the commands are this package's own
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        cwd=directory,
        env=environment,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        umask=0o077,
        process_group=0,
        pass_fds=keep_open,
        preexec_fn=dying_with_parent(last_signal),  # noqa: PLW1509 - one thread starts them all
    )


def dying_with_parent(last_signal: int) -> Callable[[], None]:
    """For `preexec_fn`. It runs after the change of user, which would clear the request."""
    parent = os.getpid()

    def ask() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, last_signal)
        if os.getppid() != parent:  # it died before it could be asked
            os._exit(1)

    return ask


def end(identity: Identity, *, with_signal: int, patience_seconds: float) -> None:
    """Ask, wait, then kill. For processes that are not our children."""
    ask(identity, with_signal)
    if not wait_until(lambda: not alive(identity), seconds=patience_seconds):
        ask(identity, signal.SIGKILL)
        wait_until(lambda: not alive(identity), seconds=5)


def ask(identity: Identity, number: int) -> None:
    if alive(identity):
        _signal(os.kill, identity.pid, number)


def kill_group(pid: int) -> None:
    """What is left of a group whose leader, our child, has ended."""
    _signal(os.killpg, pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], *, seconds: float, every: float = 0.02) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def _signal(send: Callable[[int, int], None], pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        send(pid, number)


def _identify_by_proc(pid: int) -> Identity | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # a command's name may hold spaces and brackets
    state, start_ticks = fields[0], fields[19]
    return None if state in "ZX" else Identity(pid=pid, started=f"{boot}/{start_ticks}")


def _pids() -> Iterator[int]:
    if LINUX:
        yield from (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or another user's
        return []

"""Who the servers run as, and where their state lives."""

import hashlib
import os
import pwd
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# A socket's path may have 104 bytes on macOS and 108 on Linux, with PostgreSQL's own file name.
LONGEST_SOCKET_DIRECTORY = 80


class StateUnusable(Exception):
    """No directory in which the servers could keep their data."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that takes over when root starts the servers."""

    uid: int
    gid: int
    home: str


def unprivileged_account() -> Account | None:
    """Whom to become; None when we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid, home=nobody.pw_dir)


def application_account(account: Account | None, *, state: Path) -> Account | None:
    """The account for our own code, when it reaches the interpreter, the checkout and the keys.

    Under a private home, as /root, it does not, and nobody's home is opened for it: the code
    then runs as the user who started it.
    """
    if account is None:
        return None
    keys = (
        os.environ.get("KEYRING", "").removeprefix("file:"),
        str(state / "secrets/keyring.json"),
    )
    if any(Path(key).is_file() and not may_read(key, account) for key in keys):
        return None
    trial = [sys.executable, "-c", "import config, django"]
    return account if _succeeds(trial, account=account, directory=CHECKOUT) else None


def may_read(path: Path | str, account: Account | None) -> bool:
    return _passes("-r", path, account)


def may_execute(path: Path | str, account: Account | None) -> bool:
    """Of a directory: may pass through it."""
    return _passes("-x", path, account)


def state_directory(account: Account | None) -> Path:
    """`var/` in the checkout, or a directory of our own in /var/tmp where that cannot be used."""
    chosen = os.environ.get("ZEROSUM_STATE_DIR")
    if chosen:
        path = Path(chosen).absolute()
        if not _usable(path, account):
            raise StateUnusable(f"ZEROSUM_STATE_DIR: {path} cannot hold the servers' data")
        return path
    digest = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:10]
    elsewhere = Path("/var/tmp") / f"zerosum-{digest}-{os.geteuid()}"  # noqa: S108 - owner is checked
    for path in (CHECKOUT / "var", elsewhere):
        if _usable(path, account):
            return path
    raise StateUnusable("set ZEROSUM_STATE_DIR to a directory for the servers' data")


def room(parent: Path, name: str, account: Account | None) -> Path:
    """A directory that only `account` (or, without one, the current user) can enter."""
    path = parent / name
    path.mkdir(mode=0o700, exist_ok=True)
    hand_over(path, account)
    return path


def hand_over(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def temporary_room(account: Account | None) -> Path:
    """A private directory with a short path."""
    path = Path(tempfile.mkdtemp(prefix="zerosum-", dir=_short_temporary_directory()))
    hand_over(path, account)
    return path


def _short_temporary_directory() -> str:
    usual = tempfile.gettempdir()
    short_enough = len(usual) < LONGEST_SOCKET_DIRECTORY - len("/zerosum-12345678")
    return usual if short_enough else "/tmp"  # noqa: S108 - only mkdtemp follows


def _usable(path: Path, account: Account | None) -> bool:
    """Ours alone to write, and open for the account to pass through: its rooms are inside."""
    try:
        path.mkdir(mode=0o711 if account else 0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    private = not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return ours and private and os.access(path, os.W_OK) and may_execute(path, account)


def _passes(test: str, path: Path | str, account: Account | None) -> bool:
    # The kernel is asked as that user: mode bits alone do not tell of ACLs and mounts.
    return _succeeds(["/bin/sh", "-c", f'test {test} "$0"', str(path)], account=account)


def _succeeds(command: list[str], *, account: Account | None, directory: Path = Path("/")) -> bool:
    try:
        finished = subprocess.run(  # noqa: S603 - fixed commands, no shell text from outside
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=directory,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError:
        return False
    return finished.returncode == 0

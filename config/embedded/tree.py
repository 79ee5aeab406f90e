"""The files by which `up`, `down` and `status` find the one supervisor of a state directory."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from config.embedded import places
from config.embedded.places import Account
from config.embedded.processes import MARK, Identity, alive, identify


@dataclass(frozen=True)
class Tree:
    directory: Path
    account: Account | None

    @property
    def lock_file(self) -> Path:
        return self.directory / "supervisor.lock"

    @property
    def state_file(self) -> Path:
        return self.directory / "state.json"

    @property
    def logs(self) -> Path:
        return places.room(self.directory, "logs", None)

    @property
    def mark(self) -> dict[str, str]:
        return {MARK: str(self.directory)}

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """True while we are the supervisor; False when another is. The kernel frees it on death."""
        with self.lock_file.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            file.truncate(0)
            file.write(json.dumps(_ourselves()))
            file.flush()
            yield True

    def is_locked(self) -> bool:
        if not self.lock_file.exists():
            return False
        with self.lock_file.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def supervisor(self) -> Identity | None:
        """Who holds the lock. None when nobody does, or has only just taken it."""
        try:
            found = Identity(**json.loads(self.lock_file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return found if alive(found) else None

    def read(self) -> "Record":
        try:
            return Record(**json.loads(self.state_file.read_text()))
        except FileNotFoundError:
            return Record()

    def write(self, record: "Record") -> None:
        unfinished = self.state_file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(record), indent=1) + "\n")
        unfinished.chmod(0o600)
        unfinished.rename(self.state_file)


@dataclass(kw_only=True)
class Record:
    """What state.json says. `environment` holds only what the supervisor chose, and no secret."""

    phase: str = "stopped"
    failure: str = ""
    addresses: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    owner_environment: dict[str, str] = field(default_factory=dict)
    temporary: str = ""
    processes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def identities(self) -> list[Identity]:
        return [
            Identity(pid=found["pid"], started=found["started"])
            for name, found in self.processes.items()
            if found["pid"] is not None and name != "postgres"
        ]


def open_tree() -> Tree:
    """The tree of this checkout, or of ZEROSUM_STATE_DIR."""
    account = places.unprivileged_account()
    return Tree(directory=places.state_directory(account), account=account)


def _ourselves() -> dict[str, Any]:
    found = identify(os.getpid())
    return asdict(found) if found else {}

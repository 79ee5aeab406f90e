"""The simulator's own book, in its own file: what it charged and paid back survives a `kill -9`."""

import fcntl
import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    account TEXT PRIMARY KEY, secret TEXT NOT NULL, fee_bps INTEGER NOT NULL,
    fee_fixed_minor INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS charges (
    account TEXT NOT NULL, reference TEXT NOT NULL, channel_id TEXT NOT NULL,
    request TEXT NOT NULL, scenario TEXT NOT NULL, amount_minor INTEGER, currency TEXT NOT NULL,
    manual INTEGER NOT NULL, state TEXT NOT NULL, captured_minor INTEGER NOT NULL DEFAULT 0,
    captured_as TEXT NOT NULL DEFAULT '', capture_scenario TEXT NOT NULL DEFAULT 'succeed',
    refund_scenario TEXT NOT NULL DEFAULT 'succeed',
    failure TEXT NOT NULL DEFAULT '', hidden_inquiries INTEGER NOT NULL DEFAULT 0,
    callback_url TEXT NOT NULL, return_url TEXT NOT NULL, updated_at REAL NOT NULL,
    PRIMARY KEY (account, reference)
);
CREATE TABLE IF NOT EXISTS refunds (
    account TEXT NOT NULL, reference TEXT NOT NULL, channel_id TEXT NOT NULL,
    request TEXT NOT NULL, charge_reference TEXT NOT NULL, amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL, state TEXT NOT NULL, failure TEXT NOT NULL DEFAULT '',
    callback_url TEXT NOT NULL, updated_at REAL NOT NULL,
    PRIMARY KEY (account, reference)
);
CREATE INDEX IF NOT EXISTS refunds_of_charge ON refunds (account, charge_reference);
-- Money that moved, once per line, never changed. No uniqueness: the witness must be able to say "twice".
CREATE TABLE IF NOT EXISTS movements (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL, reference TEXT NOT NULL,
    channel_id TEXT NOT NULL, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL,
    fee_minor INTEGER NOT NULL, moved_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS movements_of_day ON movements (account, moved_at);
-- What a charge or refund will become by itself.
CREATE TABLE IF NOT EXISTS steps (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL, reference TEXT NOT NULL,
    becomes TEXT NOT NULL, due_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL, url TEXT NOT NULL,
    body BLOB NOT NULL, forged INTEGER NOT NULL, state TEXT NOT NULL, after_notice INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS notices_waiting ON notices (due_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS plants (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL,
    reference TEXT NOT NULL
);
"""


class BookInUse(Exception):
    """Another simulator writes this book."""


class Book:
    """One connection, one writer at a time. The file's lock falls with the process, however it ends."""

    def __init__(self, path: Path, *, seed: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._seed = seed
        self._lock_file = path.with_name(f"{path.name}.lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock_file.close()
            raise BookInUse(str(path)) from error
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing of it, on disk when the block has ended."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def channel_id(self, prefix: str, *parts: object) -> str:
        """The same seed gives the same ids for the same references."""
        digest = hashlib.sha256("\n".join([self._seed, *map(str, parts)]).encode()).hexdigest()
        return f"{prefix}_{digest[:20]}"

    def close(self) -> None:
        with self._lock:
            self._connection.close()
        self._lock_file.close()

"""A PostgreSQL cluster of our own, on a private unix socket."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.embedded import binaries, processes
from config.embedded.places import Account, hand_over
from config.embedded.programs import Program

DATABASE = "zerosum"
SUPERUSER = "postgres"
OWNER, APP, READONLY = "zerosum_owner", "zerosum_app", "zerosum_readonly"

# On the role, because a transaction pool hands connections round and forgets what a session set.
ROLE_SETTINGS: Mapping[str, Mapping[str, str]] = {
    OWNER: {},
    APP: {
        "statement_timeout": "5s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "10s",
    },
    READONLY: {"default_transaction_read_only": "on"},
}

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_prepared_transactions": "64",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Said aloud: the books depend on these, on a developer's machine as anywhere.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}


class ClusterRefused(Exception):
    """initdb did not make a cluster."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A data directory and the place of its socket. Trust is enough there: only one user and
    root can enter the socket's directory."""

    programs: Path
    data: Path
    sockets: Path
    account: Account | None

    def create(self) -> None:
        """Make the data directory, once; a half-made one from an earlier crash is thrown away."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.data.with_name(self.data.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        hand_over(unfinished, self.account)
        making = processes.spawn(
            self._initdb(unfinished),
            environment=self._environment(),
            account=self.account,
            directory=Path("/"),
            output=subprocess.PIPE,
        )
        said, _ = making.communicate()
        if making.returncode != 0:
            raise ClusterRefused(said.decode(errors="replace"))
        unfinished.rename(self.data)

    def program(self) -> Program:
        settings = SERVER_SETTINGS | {"unix_socket_directories": f'"{self.sockets}"'}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            command=[str(self.programs / "postgres"), "-D", str(self.data), *options],
            # Without the mark: a leftover is found by its lock file and stopped by its own signal.
            environment=self._environment(),
            account=self.account,
            directory=Path("/"),
            before_start=self.disown_stale_locks,
            is_ready=lambda _: self.is_ready(),
            last_signal=signal.SIGINT,  # fast: roll back what is open; SIGTERM waits for clients
            patience_seconds=20.0,
            # After a crash, orphaned backends may hold the shared memory for a moment.
            hopeless_deaths=6,
        )

    def is_ready(self) -> bool:
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.sockets),
            port=5432,
            user=SUPERUSER,
            dbname=database,
            options="",
            connect_timeout=2,
            autocommit=True,
        )

    def furnish(self) -> None:
        """The roles with their settings, and the database. Changes nothing that is there."""
        with self.connect() as connection:
            for role, settings in ROLE_SETTINGS.items():
                self._furnish_role(connection, role, settings)
            if not _exists(connection, "pg_database", "datname", DATABASE):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )

    def loosen_for_tests(self) -> None:
        """Let the owner do what tests need and a real owner must not: empty append-only tables
        between tests, act as the other roles, and make roles to act as."""
        owner = sql.Identifier(OWNER)
        with self.connect() as connection:
            connection.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(owner))
            if major_version(self.programs) >= 16:  # which brought this setting
                connection.execute(
                    sql.SQL("ALTER ROLE {} SET createrole_self_grant = 'set, inherit'").format(
                        owner
                    )
                )
            for right in (
                sql.SQL("SET ON PARAMETER session_replication_role"),
                sql.Identifier(APP),
                sql.Identifier(READONLY),
            ):
                connection.execute(sql.SQL("GRANT {} TO {}").format(right, owner))

    def url(self, role: str) -> str:
        return f"postgres://{role}@{quote(str(self.sockets), safe='')}/{DATABASE}"

    def disown_stale_locks(self) -> None:
        """Let a lock file that a crash left not stop the next start.

        PostgreSQL refuses to start when the process named in postmaster.pid lives, though the
        number may be a stranger's by now. The file is not removed: its other lines tell
        PostgreSQL whether orphaned backends still hold the old shared memory. Only the number
        is replaced, by its future parent's, which it never takes for a postmaster.
        """
        for lock in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            lines = _lines(lock)
            pid = _pid_in(lines)
            if pid is None:
                lock.unlink(missing_ok=True)  # a crash before its first write
            elif str(self.data) not in processes.command_line(pid):
                _overwrite(lock, [f"{os.getpid()}\n", *lines[1:]])

    def _initdb(self, target: Path) -> list[str]:
        locale = ["--locale=C.UTF-8"]
        if major_version(self.programs) >= 17:
            # Built in: the same order of text everywhere, whatever the machine's C library.
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return [
            str(self.programs / "initdb"),
            f"--pgdata={target}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--data-checksums",
            "--no-instructions",
            *locale,
        ]

    def _environment(self) -> dict[str, str]:
        # Not ours: a developer's PGDATA or PGOPTIONS must not reach the server.
        environment = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}
        if self.account is not None:
            environment["HOME"] = self.account.home
        unicode_data = self.programs.parent / "share" / "icu"
        return environment | ({"ICU_DATA": str(unicode_data)} if unicode_data.is_dir() else {})

    def _furnish_role(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        role: str,
        settings: Mapping[str, str],
    ) -> None:
        name = sql.Identifier(role)
        if not _exists(connection, "pg_roles", "rolname", role):
            right = sql.SQL("CREATEDB" if role == OWNER else "NOCREATEDB")
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(name, right))
        for setting, value in settings.items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.Identifier(setting), value)
            )


def cluster_in(place: Path, *, sockets: Path, state: Path, account: Account | None) -> Cluster:
    """The cluster under `place`. Each major version has a directory of its own: it reads no other's."""
    programs = binaries.postgres_directory(state=state, account=account)
    return Cluster(
        programs=programs,
        data=place / f"data-{major_version(programs)}",
        sockets=sockets,
        account=account,
    )


def end_leftover(data: Path) -> None:
    """Stop a postmaster whose supervisor is gone. Call only under the tree's lock."""
    pid = _pid_in(_lines(data / "postmaster.pid"))
    found = processes.identify(pid) if pid is not None else None
    if found is not None and str(data) in processes.command_line(found.pid):
        processes.end(found, with_signal=signal.SIGINT, patience_seconds=20)


def major_version(programs: Path) -> int:
    said = subprocess.run(  # noqa: S603 - a path that we found ourselves
        [str(programs / "postgres"), "--version"], check=True, capture_output=True, text=True
    ).stdout
    return int(re.findall(r"\d+", said)[0])


def _exists(
    connection: psycopg.Connection[tuple[object, ...]], table: str, column: str, value: str
) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(column)
    )
    return connection.execute(query, [value]).fetchone() is not None


def _lines(lock: Path) -> list[str]:
    try:
        return lock.read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _pid_in(lines: list[str]) -> int | None:
    first = lines[0].strip() if lines else ""
    return int(first) if first.isdigit() else None


def _overwrite(path: Path, lines: list[str]) -> None:
    # The directory is the unprivileged user's: root must not be led elsewhere by a link.
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(lines)

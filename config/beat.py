"""Beat's scheduler: the schedule in the database, and only one beat that acts on it."""

from contextlib import suppress
from typing import Any

import psycopg
from django.db import connections
from django_celery_beat.schedulers import DatabaseScheduler

# Any constant does, as long as nothing else in the database locks the same one.
LOCK_KEY = 0x7A65726F73756D
ASK_AGAIN_SECONDS = 1.0


class LockedScheduler(DatabaseScheduler):
    """Two beats would run everything twice, so the second waits until the first is gone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lock = AdvisoryLock()
        super().__init__(*args, **kwargs)
        # Write down each run at once: after a kill, what ran is not run again.
        self.sync_every_tasks = 1

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if not self._lock.is_held():
            if not self._lock.acquire():
                return ASK_AGAIN_SECONDS
            self._read_schedule_afresh()
        delay: float = super().tick(*args, **kwargs)
        return delay

    def close(self) -> None:
        super().close()
        self._lock.release()

    def _read_schedule_afresh(self) -> None:
        """What was read while waiting is old: the other beat has run things since."""
        self._initial_read = True
        self._heap = None


class AdvisoryLock:
    """Held on a connection of its own, inside a transaction that stays open: a pooler in
    transaction mode cannot hand such a connection to anybody else, and the database frees the
    lock when the holder dies. The idle transaction has no snapshot, so it holds up no vacuum."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None

    def acquire(self) -> bool:
        try:
            return self._try()
        except psycopg.OperationalError:  # the database is away; so is whoever held the lock
            self.release()
            return False

    def is_held(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.OperationalError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if self._connection is None:
            return
        with suppress(psycopg.OperationalError):
            # Ends the transaction before we say that we are gone; a closed connection is noticed later.
            self._connection.rollback()
        self._connection.close()
        self._connection = None

    def _try(self) -> bool:
        parameters = connections["default"].get_connection_params()
        self._connection = psycopg.connect(**parameters | {"application_name": "zerosum-beat"})
        # The role's limit is meant for forgotten transactions, which this is not.
        self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        row = self._connection.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [LOCK_KEY]
        ).fetchone()
        if row is not None and row[0]:
            return True
        self.release()
        return False

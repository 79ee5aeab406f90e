"""Callbacks that are owed: written with the change that they tell of, sent until somebody says 2xx."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from payments.channels.sandbox.simulation.book import Book

RETRY_SECONDS = (1, 2, 4, 8, 15, 30, 60, 120, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`told` is the charge or refund, as `subject` says, in the words of an answer about it."""

    account: str
    url: str
    subject: str
    told: dict[str, object]
    at: float


class Notices:
    def __init__(self, book: Book, *, pace: float) -> None:
        self._book = book
        self._pace = pace

    def owe(
        self,
        db: sqlite3.Connection,
        event: Event,
        *,
        times: int = 1,
        held: bool = False,
        forged: bool = False,
        after_notice: int | None = None,
    ) -> list[int]:
        """The rows that tell of one event; none when nobody wants to be called."""
        if not event.url:
            return []
        reference = str(event.told["reference"])
        body = self._body(event, reference, forged=forged)
        state = "held" if held else "waiting"
        ids = []
        for _ in range(times):
            cursor = db.execute(
                "INSERT INTO notices (account, reference, url, body, forged, state, after_notice,"
                " due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (event.account, reference, event.url, body, forged, state, after_notice, event.at),
            )
            ids.append(int(cursor.lastrowid or 0))
        return ids

    def due(self, db: sqlite3.Connection, now: float, *, limit: int) -> list[sqlite3.Row]:
        """Not before the notice that it is to follow has left or was given up."""
        return db.execute(
            "SELECT * FROM notices WHERE state = 'waiting' AND due_at <= ? AND (after_notice IS NULL"
            " OR after_notice IN (SELECT id FROM notices WHERE state IN ('delivered', 'given_up')))"
            " ORDER BY id LIMIT ?",
            (now, limit),
        ).fetchall()

    def delivered(self, db: sqlite3.Connection, notice: int) -> None:
        db.execute(
            "UPDATE notices SET state = 'delivered', attempts = attempts + 1 WHERE id = ?",
            (notice,),
        )

    def failed(self, db: sqlite3.Connection, notice: sqlite3.Row, now: float) -> None:
        attempts = notice["attempts"] + 1
        if attempts > len(RETRY_SECONDS):
            state, due_at = "given_up", now
        else:
            pause = max(RETRY_SECONDS[attempts - 1] * self._pace, 0.02)
            state, due_at = "waiting", now + pause
        db.execute(
            "UPDATE notices SET state = ?, attempts = ?, due_at = ? WHERE id = ?",
            (state, attempts, due_at, notice["id"]),
        )

    def release(self, db: sqlite3.Connection, reference: str, now: float) -> int:
        """Sends now what was held, given up or waits for its next try; all, or of one reference."""
        cursor = db.execute(
            "UPDATE notices SET state = 'waiting', due_at = ?, attempts = 0"
            " WHERE state IN ('held', 'given_up', 'waiting') AND (reference = ? OR ? = '')",
            (now, reference, reference),
        )
        return cursor.rowcount

    def still_waiting(self, db: sqlite3.Connection, ids: list[int]) -> bool:
        marks = ",".join("?" * len(ids))
        row = db.execute(
            f"SELECT COUNT(*) FROM notices WHERE state = 'waiting' AND id IN ({marks})",  # noqa: S608
            ids,
        ).fetchone()
        return bool(row[0])

    def _body(self, event: Event, reference: str, *, forged: bool) -> bytes:
        event_type = f"{event.subject}.{str(event.told['state']).lower()}"
        return json.dumps(
            {
                "id": self._book.channel_id(
                    "sbe",
                    event.account,
                    reference,
                    event_type,
                    event.told["updated_at"],
                    forged,
                ),
                "type": event_type,
                "created_at": datetime.fromtimestamp(event.at, UTC).isoformat(),
                event.subject: event.told,
            }
        ).encode()

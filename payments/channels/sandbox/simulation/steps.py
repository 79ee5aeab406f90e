"""What will happen by itself: rows, so that a restart forgets no payer who was about to pay."""

import sqlite3


def plan(
    db: sqlite3.Connection, *, kind: str, account: str, reference: str, becomes: str, due_at: float
) -> None:
    db.execute(
        "INSERT INTO steps (kind, account, reference, becomes, due_at) VALUES (?, ?, ?, ?, ?)",
        (kind, account, reference, becomes, due_at),
    )


def take_due(db: sqlite3.Connection, now: float) -> sqlite3.Row | None:
    """The oldest that is due, which is thereby done: in the same transaction as what it does."""
    row = db.execute(
        "DELETE FROM steps WHERE id = (SELECT id FROM steps WHERE due_at <= ? ORDER BY due_at, id"
        " LIMIT 1) RETURNING *",
        (now,),
    ).fetchone()
    return row if isinstance(row, sqlite3.Row) else None


def forget(db: sqlite3.Connection, *, account: str, reference: str) -> None:
    db.execute(
        "DELETE FROM steps WHERE kind = 'charge' AND account = ? AND reference = ?",
        (account, reference),
    )


def next_due_at(db: sqlite3.Connection) -> float | None:
    row = db.execute(
        "SELECT MIN(due_at) FROM (SELECT due_at FROM steps UNION ALL"
        " SELECT due_at FROM notices WHERE state = 'waiting')"
    ).fetchone()
    return None if row[0] is None else float(row[0])

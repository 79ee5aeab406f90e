"""What the witness says under oath: money that moved, one line for each time."""

import sqlite3
from datetime import UTC, date, datetime, time, timedelta

from payments.channels.sandbox.simulation.accounts import Account


def write(
    db: sqlite3.Connection,
    *,
    kind: str,
    account: Account,
    thing: sqlite3.Row,
    amount_minor: int,
    now: float,
) -> None:
    """`thing` is the charge or the refund. A refund costs nothing, and brings no fee back."""
    db.execute(
        "INSERT INTO movements (kind, account, reference, channel_id, amount_minor, currency,"
        " fee_minor, moved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            kind,
            account.name,
            thing["reference"],
            thing["channel_id"],
            amount_minor,
            thing["currency"],
            account.fee_minor(amount_minor) if kind == "charge" else 0,
            now,
        ),
    )


def of_day(db: sqlite3.Connection, account: str, day: date) -> list[sqlite3.Row]:
    midnight = datetime.combine(day, time(), UTC)
    return db.execute(
        "SELECT * FROM movements WHERE account = ? AND moved_at >= ? AND moved_at < ? ORDER BY id",
        (account, midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()),
    ).fetchall()


def every(db: sqlite3.Connection, account: str) -> list[dict[str, object]]:
    """All of an account's, or of all accounts when it is empty."""
    rows = db.execute(
        "SELECT * FROM movements WHERE account = ? OR ? = '' ORDER BY id", (account, account)
    )
    return [
        dict(row) | {"moved_at": datetime.fromtimestamp(row["moved_at"], UTC).isoformat()}
        for row in rows
    ]


def totals(db: sqlite3.Connection) -> dict[str, object]:
    """Per account and currency, and whoever was charged more than once for one reference."""
    accounts: dict[str, dict[str, dict[str, int]]] = {}
    for row in db.execute(
        "SELECT account, currency, kind, COUNT(*) AS times, SUM(amount_minor) AS amount_minor,"
        " SUM(fee_minor) AS fee_minor FROM movements GROUP BY account, currency, kind"
    ):
        total = accounts.setdefault(row["account"], {}).setdefault(
            row["currency"],
            {"charges": 0, "charged_minor": 0, "refunds": 0, "refunded_minor": 0, "fees_minor": 0},
        )
        done = "charged_minor" if row["kind"] == "charge" else "refunded_minor"
        total[f"{row['kind']}s"] = row["times"]
        total[done] = row["amount_minor"]
        total["fees_minor"] += row["fee_minor"]
    twice = db.execute(
        "SELECT account, kind, reference, COUNT(*) AS times FROM movements"
        " GROUP BY account, kind, reference HAVING COUNT(*) > 1"
    )
    return {"accounts": accounts, "more_than_once": [dict(row) for row in twice]}

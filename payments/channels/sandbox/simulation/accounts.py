"""Who may ask, with which secret, at what price."""

import sqlite3
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from payments.channels.sandbox.simulation.refusal import Refused

FEE_BPS = 60


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    secret: bytes = field(repr=False)
    fee_bps: int = FEE_BPS
    fee_fixed_minor: int = 0

    def fee_minor(self, amount_minor: int) -> int:
        share = Decimal(amount_minor * self.fee_bps) / 10_000
        rounded = int(share.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
        return min(rounded + self.fee_fixed_minor, amount_minor)


def save(db: sqlite3.Connection, account: Account) -> None:
    db.execute(
        "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET"
        " secret = excluded.secret, fee_bps = excluded.fee_bps,"
        " fee_fixed_minor = excluded.fee_fixed_minor",
        (account.name, account.secret.decode(), account.fee_bps, account.fee_fixed_minor),
    )


def get(db: sqlite3.Connection, name: str) -> Account:
    """Raises Refused."""
    row = db.execute("SELECT * FROM accounts WHERE account = ?", (name,)).fetchone()
    if row is None:
        raise Refused(401, "account_unknown", "no such account")
    return Account(name, row["secret"].encode(), row["fee_bps"], row["fee_fixed_minor"])

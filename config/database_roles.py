"""What each database role may do, as data.

`zerosum_owner` migrates and owns; the processes run as `zerosum_app`, which may not change what is
written once, nor define anything; `zerosum_readonly` reads.
"""

APP, READER = "zerosum_app", "zerosum_readonly"

# Written once: the app inserts and reads, the triggers refuse the rest even to the owner.
APPEND_ONLY = (
    "audit_record",
    "ledger_journal",
    "ledger_entry",
    "merchants_event",
    "payments_paymentevent",
    "reconciliation_settlement",
    "reconciliation_settlementitem",
    "reconciliation_merchantshare",
)
# Rows of money and evidence change and are never removed.
NEVER_DELETED = (
    "ledger_account",
    "merchants_merchant",
    "merchants_apikey",
    "payments_order",
    "payments_payment",
    "payments_attempt",
    "payments_capture",
    "payments_refund",
    "payments_callbackreceipt",
    "payments_suspenseitem",
    "reconciliation_statementfile",
    "reconciliation_statementline",
    "reconciliation_ticket",
    "reconciliation_run",
)


def grants() -> list[str]:
    """The statements that bring a database to this table of rights; running them again changes nothing."""
    return [
        f"GRANT USAGE ON SCHEMA public TO {APP}, {READER}",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {APP}, {READER}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}",
        f"REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM {APP}",
        *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP}" for table in APPEND_ONLY),
        *(f"REVOKE DELETE, TRUNCATE ON {table} FROM {APP}" for table in NEVER_DELETED),
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APP}",
    ]

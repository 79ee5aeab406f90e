"""The one place that locks accounts: always in ascending id, so that no two posts wait for each other.

A transaction that posts several journals takes its locks journal by journal. Where two such
transactions share accounts, let both post in the same order.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.transaction import TransactionManagementError

from audit.ids import new_id
from ledger.chart import CHART
from ledger.drafts import AccountRef
from ledger.models import Account

# All or none: if the existing ones were locked while one is missing, that one would be locked out of
# order once it is opened. The count is taken before the first lock.
LOCK_ALL_OR_NONE = """
    SELECT * FROM ledger_account
     WHERE id = ANY(%(ids)s)
       AND (SELECT count(*) FROM ledger_account WHERE id = ANY(%(ids)s)) = cardinality(%(ids)s)
     ORDER BY id
       FOR NO KEY UPDATE
"""


def lock_accounts(refs: Collection[AccountRef], *, now: datetime) -> dict[AccountRef, Account]:
    """The accounts as they stand, held until the caller's transaction ends; missing ones are opened.

    Counts on READ COMMITTED: what another transaction opened or moved while we waited is seen.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("accounts are locked inside the caller's transaction")
    by_id = {ref.id: ref for ref in refs}
    locked = _lock(by_id)
    if not locked:
        _open_missing(by_id, now=now)
        locked = _lock(by_id)
    return {by_id[account.id]: account for account in locked}


def _lock(ids: Collection[uuid.UUID]) -> list[Account]:
    return list(Account.objects.raw(LOCK_ALL_OR_NONE, {"ids": list(ids)}))


def _open_missing(by_id: dict[uuid.UUID, AccountRef], *, now: datetime) -> None:
    # In ascending order here too: whoever opens the same account waits for the first to commit.
    Account.objects.bulk_create(
        [_new_account(by_id[account_id], now=now) for account_id in sorted(by_id)],
        ignore_conflicts=True,
    )


def _new_account(ref: AccountRef, *, now: datetime) -> Account:
    rules = CHART[ref.kind]
    return Account(
        id=ref.id,
        public_id=new_id("acc"),
        owner=ref.owner,
        kind=ref.kind,
        currency=ref.currency,
        books=ref.books,
        normal_side=rules.normal_side,
        may_go_negative=rules.may_go_negative,
        opened_at=now,
    )

"""Opening, freezing and closing accounts."""

from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import records
from ledger.chart import AccountStatus
from ledger.drafts import AccountRef
from ledger.models import Account
from ledger.services.locks import lock_accounts


class AccountFrozen(Exception):
    """Nothing may be posted to the account."""


class AccountClosed(AccountFrozen):
    """Nothing may be posted to the account, ever again."""


class AccountNotEmpty(Exception):
    """Only an account that stands at zero can be closed."""


@transaction.atomic
def open_account(*, ref: AccountRef, by: Actor, now: datetime) -> Account:
    """The account, opened if it was not. Posting opens accounts too; this is for those that shall
    be seen before anything moves."""
    known = Account.objects.filter(pk=ref.id).exists()
    account = lock_accounts([ref], now=now)[ref]
    if not known:
        records.write(action="ledger.account_opened", by=by, now=now, target=account.public_id)
    return account


@transaction.atomic
def freeze(*, ref: AccountRef, reason: str, by: Actor, now: datetime) -> Account:
    """Every post to the account is refused until it is unfrozen. Raises AccountClosed."""
    account = _lock_unless_closed(ref, now=now)
    if account.status == AccountStatus.OPEN:
        _change(account, AccountStatus.FROZEN, reason=reason, by=by, now=now)
    return account


@transaction.atomic
def unfreeze(*, ref: AccountRef, reason: str, by: Actor, now: datetime) -> Account:
    """The account takes posts again. Raises AccountClosed."""
    account = _lock_unless_closed(ref, now=now)
    if account.status == AccountStatus.FROZEN:
        _change(account, AccountStatus.OPEN, reason=reason, by=by, now=now)
    return account


@transaction.atomic
def close(*, ref: AccountRef, reason: str, by: Actor, now: datetime) -> Account:
    """For good. Raises AccountNotEmpty, AccountClosed."""
    account = _lock_unless_closed(ref, now=now)
    if account.balance_minor:
        raise AccountNotEmpty(f"{account} stands at {account.balance_minor}")
    _change(account, AccountStatus.CLOSED, reason=reason, by=by, now=now)
    return account


def refuse_unless_open(account: Account) -> None:
    """Raises AccountFrozen, or AccountClosed, which is one."""
    if account.status == AccountStatus.CLOSED:
        raise AccountClosed(f"{account} is closed")
    if account.status == AccountStatus.FROZEN:
        raise AccountFrozen(f"{account} is frozen")


def _lock_unless_closed(ref: AccountRef, *, now: datetime) -> Account:
    account = lock_accounts([ref], now=now)[ref]
    if account.status == AccountStatus.CLOSED:
        raise AccountClosed(f"{account} is closed")
    return account


def _change(
    account: Account, status: AccountStatus, *, reason: str, by: Actor, now: datetime
) -> None:
    before, account.status = account.status, status
    account.save(update_fields=["status"])
    records.write(
        action=f"ledger.account_{'reopened' if status == AccountStatus.OPEN else status}",
        by=by,
        now=now,
        target=account.public_id,
        detail={"before": before, "after": status, "reason": reason},
    )

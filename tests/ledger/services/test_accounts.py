import pytest

from audit.models import Record
from ledger.models import Account
from ledger.services import accounts
from tests.ledger.books import CLERK, NOON, bank, commit_would, post, standing, transfer, wallet

pytestmark = pytest.mark.django_db


def test_an_account_is_opened_once_with_the_rules_of_its_kind():
    first = accounts.open_account(ref=wallet("ANN"), by=CLERK, now=NOON)
    again = accounts.open_account(ref=wallet("ANN"), by=CLERK, now=NOON)
    assert again.public_id == first.public_id
    assert (first.normal_side, first.may_go_negative, first.status) == ("credit", False, "open")
    assert (first.balance_minor, first.version, first.ref) == (0, 0, wallet("ANN"))
    assert Record.objects.filter(action="ledger.account_opened").count() == 1
    commit_would()


@pytest.mark.parametrize("stop", [accounts.freeze, accounts.close])
def test_a_frozen_or_closed_account_refuses_every_post(stop):
    accounts.open_account(ref=wallet("ANN"), by=CLERK, now=NOON)
    stop(ref=wallet("ANN"), reason="asked by the owner", by=CLERK, now=NOON)
    with pytest.raises(accounts.AccountFrozen):
        post(transfer("x", 5, debit=bank(), credit=wallet("ANN")))
    assert standing(wallet("ANN")) == (0, 0)


def test_an_unfrozen_account_takes_posts_again():
    accounts.freeze(ref=wallet("ANN"), reason="court order", by=CLERK, now=NOON)
    accounts.unfreeze(ref=wallet("ANN"), reason="order lifted", by=CLERK, now=NOON)
    post(transfer("x", 5, debit=bank(), credit=wallet("ANN")))
    assert standing(wallet("ANN")) == (-5, 1)


def test_an_account_with_money_on_it_is_not_closed():
    post(transfer("x", 5, debit=bank(), credit=wallet("ANN")))
    with pytest.raises(accounts.AccountNotEmpty):
        accounts.close(ref=wallet("ANN"), reason="left", by=CLERK, now=NOON)
    post(transfer("y", 5, debit=wallet("ANN"), credit=bank()))
    accounts.close(ref=wallet("ANN"), reason="left", by=CLERK, now=NOON)
    assert Account.objects.get(pk=wallet("ANN").id).status == "closed"


@pytest.mark.parametrize("service", [accounts.freeze, accounts.unfreeze, accounts.close])
def test_a_closed_account_stays_closed(service):
    accounts.close(ref=wallet("ANN"), reason="left", by=CLERK, now=NOON)
    with pytest.raises(accounts.AccountClosed):
        service(ref=wallet("ANN"), reason="came back", by=CLERK, now=NOON)


def test_who_froze_an_account_and_why_is_on_record_once():
    for _ in range(2):
        accounts.freeze(ref=wallet("ANN"), reason="court order", by=CLERK, now=NOON)
    record = Record.objects.get(action="ledger.account_frozen")
    account = Account.objects.get(pk=wallet("ANN").id)
    assert (record.actor_id, record.target, record.at) == ("clerk", account.public_id, NOON)
    assert record.detail == {"before": "open", "after": "frozen", "reason": "court order"}

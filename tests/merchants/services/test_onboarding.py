import pytest
from django_fsm import TransitionNotAllowed

from audit.models import Record
from merchants.models import FeePlan, Merchant
from merchants.selectors import fee_for
from merchants.services import onboarding
from tests.factories.merchants import OPERATOR

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(now):
    return onboarding.create_merchant(name="Tea House", by=OPERATOR, now=now)


def test_a_merchant_is_created_active_and_recorded(merchant):
    assert merchant.status == "active"
    assert Record.objects.get(action="merchant.created").target == merchant.public_id


def test_a_fee_that_is_agreed_again_replaces_the_first(merchant, now):
    for bps in (100, 250):
        onboarding.agree_fee(merchant=merchant, percent_bps=bps, by=OPERATOR, now=now)

    assert FeePlan.objects.count() == 1
    assert fee_for(merchant_id=merchant.pk, amount_minor=1000, currency="CNY") == 25


def test_suspending_and_reinstating_alternate(merchant, now):
    onboarding.suspend(merchant=merchant, reason="papers", by=OPERATOR, now=now)
    with pytest.raises(TransitionNotAllowed):
        onboarding.suspend(merchant=merchant, reason="papers", by=OPERATOR, now=now)
    onboarding.reinstate(merchant=merchant, reason="papers came", by=OPERATOR, now=now)

    assert Merchant.objects.get(pk=merchant.pk).status == "active"
    assert Record.objects.get(action="merchant.suspended").detail == {"reason": "papers"}

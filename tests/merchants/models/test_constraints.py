"""What the database refuses, whoever asks."""

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.utils import DatabaseError
from django_fsm import TransitionNotAllowed

from merchants.models import ApiKey, Event, FeePlan, Merchant
from merchants.services import events
from tests.factories.merchants import BEGINNING, FeePlanFactory, MerchantFactory, bearer, signer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mode": "live"}, "bearer_keys_are_for_tests_and_keep_a_hash_only"),
        ({"secret_hash": "short"}, "bearer_keys_are_for_tests_and_keep_a_hash_only"),
        ({"kind": "signature"}, "signature_keys_keep_a_public_key_and_its_algorithm"),
    ],
)
def test_a_bearer_key_outside_its_bounds_is_refused(change, sentence):
    key = bearer().key
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(**change)


def test_a_signature_key_holds_no_secret():
    key = signer().key
    with pytest.raises(IntegrityError, match="signature_keys"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(secret_hash="0" * 64)
    with pytest.raises(IntegrityError, match="key_is_test_or_live"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(mode="play")


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ({"percent_bps": 10_001}, "fee_percentage_is_between_none_and_all"),
        ({"currency": "CNY", "fixed_minor": -1}, "fixed_fee_is_not_negative"),
        ({"fixed_minor": 30}, "fixed_fee_names_its_currency"),
    ],
)
def test_terms_that_make_no_sense_are_refused(plan, sentence):
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        FeePlanFactory(**plan)


def test_one_fee_plan_per_currency():
    plan = FeePlanFactory(currency="CNY")
    with pytest.raises(IntegrityError, match="one_fee_plan"), transaction.atomic():
        FeePlanFactory(merchant=plan.merchant, currency="CNY")
    assert FeePlan.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE merchants_event SET body = '{}'",
        "DELETE FROM merchants_event",
        "TRUNCATE merchants_event CASCADE",
    ],
)
def test_events_are_written_once(statement):
    events.publish(
        merchant_id=MerchantFactory().pk,
        mode="test",
        type="payment.created",
        data={"id": "pay_1"},
        now=BEGINNING,
    )
    with (
        pytest.raises((InternalError, DatabaseError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.count() == 1


def test_a_merchants_status_moves_through_transitions_only():
    merchant = MerchantFactory()
    with pytest.raises(AttributeError):
        merchant.status = "suspended"
    with pytest.raises(TransitionNotAllowed):
        merchant.reinstate()
    with pytest.raises(IntegrityError), transaction.atomic():
        Merchant.objects.filter(pk=merchant.pk).update(status="gone")

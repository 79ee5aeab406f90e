from datetime import timedelta

import pytest
from django.db import transaction

from audit.vault import SealBroken
from merchants.models import IdempotencyRecord
from merchants.models.idempotency import Scope
from merchants.services import idempotency
from merchants.services.idempotency import Claim, InProgress, KeyReused, LeaseLost, Replay
from tests.factories.merchants import MerchantFactory

pytestmark = pytest.mark.django_db
HEADERS = {"Content-Type": "application/json"}


@pytest.fixture
def scope():
    return Scope(MerchantFactory().pk, "live", "POST", "/v1/payments", "k-1")


def begin(scope, now, fingerprint="f" * 64):
    return idempotency.begin(scope=scope, fingerprint=fingerprint, now=now)


def complete(claim, body=b'{"id":"pay_1"}', status=201):
    idempotency.complete(claim, status=status, headers=HEADERS, body=body)


def test_a_completed_request_is_replayed_byte_for_byte(scope, now):
    complete(begin(scope, now), body='{"note":"支付"}'.encode())
    assert begin(scope, now) == Replay(201, HEADERS, '{"note":"支付"}'.encode())


def test_answers_are_sealed_at_rest(scope, now):
    complete(begin(scope, now), body=b'{"secret":"whsec_x"}')
    assert "whsec_x" not in str(IdempotencyRecord.objects.values().get())


def test_an_answer_moved_to_another_request_does_not_open(scope, now):
    complete(begin(scope, now))
    other = scope._replace(key="k-2")
    complete(begin(other, now))
    stolen = IdempotencyRecord.objects.of(scope).get().sealed_body
    IdempotencyRecord.objects.of(other).update(sealed_body=stolen)
    with pytest.raises(SealBroken):
        begin(other, now)


def test_beginning_takes_one_statement_and_completing_one(scope, now, django_assert_num_queries):
    with django_assert_num_queries(1):
        claim = begin(scope, now)
    with django_assert_num_queries(1):
        complete(claim)


def test_a_live_lease_is_in_progress(scope, now):
    begin(scope, now)
    with pytest.raises(InProgress) as refused:
        begin(scope, now + timedelta(seconds=59))
    assert refused.value.retry_after_seconds >= 1


def test_another_body_is_refused_even_while_the_first_is_in_progress(scope, now):
    claim = begin(scope, now)
    with pytest.raises(KeyReused):
        begin(scope, now, fingerprint="0" * 64)
    complete(claim)
    with pytest.raises(KeyReused):
        begin(scope, now, fingerprint="0" * 64)


@pytest.mark.parametrize(
    "change",
    [{"mode": "test"}, {"method": "PATCH"}, {"path": "/v1/orders"}, {"key": "k-2"}],
)
def test_mode_method_path_and_key_each_make_another_scope(scope, now, change):
    complete(begin(scope, now))
    assert isinstance(begin(scope._replace(**change), now), Claim)


def test_another_merchants_key_is_another_scope(scope, now):
    complete(begin(scope, now))
    assert isinstance(begin(scope._replace(merchant_id=MerchantFactory().pk), now), Claim)


def test_a_request_that_died_before_it_began_anything_is_begun_again(scope, now):
    begin(scope, now)
    again = begin(scope, now + timedelta(seconds=61))
    assert isinstance(again, Claim)
    assert again.resource == ""


def test_a_request_that_had_begun_something_is_resumed(scope, now):
    begin(scope, now).attach("pay_1")
    again = begin(scope, now + timedelta(seconds=61))
    assert again.resource == "pay_1"


def test_attaching_rolls_back_with_the_effect(scope, now):
    claim = begin(scope, now)
    with transaction.atomic():
        claim.attach("pay_1")
        transaction.set_rollback(True)
    assert begin(scope, now + timedelta(seconds=61)).resource == ""


def test_who_lost_the_lease_can_neither_attach_nor_complete_nor_abandon(scope, now):
    slow = begin(scope, now)
    quick = begin(scope, now + timedelta(seconds=61))
    with pytest.raises(LeaseLost):
        slow.attach("pay_1")
    with pytest.raises(LeaseLost):
        complete(slow)
    idempotency.abandon(slow, now=now)

    complete(quick, body=b"quick")
    assert begin(scope, now).body == b"quick"


def test_an_abandoned_request_that_began_nothing_burns_no_key(scope, now):
    idempotency.abandon(begin(scope, now), now=now)
    assert not IdempotencyRecord.objects.exists()
    assert isinstance(begin(scope, now, fingerprint="0" * 64), Claim)


def test_an_abandoned_request_that_began_something_is_free_to_be_resumed_at_once(scope, now):
    claim = begin(scope, now)
    claim.attach("pay_1")
    idempotency.abandon(claim, now=now)
    assert begin(scope, now).resource == "pay_1"


def test_answers_are_kept_a_day_and_unfinished_work_until_it_is_finished(scope, now):
    complete(begin(scope, now))
    begin(scope._replace(key="begun-nothing"), now)
    begin(scope._replace(key="begun"), now).attach("pay_1")

    assert idempotency.forget(now=now + timedelta(hours=23, minutes=59)) == 0
    assert idempotency.forget(now=now + timedelta(hours=24, minutes=1)) == 2
    assert IdempotencyRecord.objects.get().key == "begun"

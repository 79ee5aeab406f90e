import pytest

from audit.models import Record
from merchants.models import ApiKey
from merchants.services import api_keys
from merchants.signing.messages import KeyUnfit
from merchants.states import Algorithm, Mode
from tests.factories.merchants import OPERATOR, MerchantFactory, bearer, signer

pytestmark = pytest.mark.django_db


def test_a_bearer_secret_is_shown_once_and_only_its_hash_is_kept():
    issued = bearer()

    assert issued.secret.startswith("sk_test_")
    stored = ApiKey.objects.values().get(pk=issued.key.pk)
    assert stored["secret_hash"] == api_keys.hash_of(issued.secret)
    assert issued.secret not in str(stored)


def test_live_keys_never_are_bearer_keys(now):
    with pytest.raises(api_keys.BearerKeysAreForTests):
        api_keys.issue(merchant=MerchantFactory(), mode=Mode.LIVE, by=OPERATOR, now=now)
    assert not ApiKey.objects.exists()


def test_an_unfit_public_key_is_not_registered(now):
    with pytest.raises(KeyUnfit):
        api_keys.issue(
            merchant=MerchantFactory(),
            mode=Mode.LIVE,
            algorithm=Algorithm.RSA_PSS_SHA512,
            public_key_pem="not a key",
            by=OPERATOR,
            now=now,
        )
    assert not ApiKey.objects.exists()


def test_revoking_twice_keeps_the_first_date(now):
    key = signer().key
    api_keys.revoke(key=key, reason="left", by=OPERATOR, now=now)
    api_keys.revoke(key=key, reason="again", by=OPERATOR, now=now.replace(year=2030))

    key.refresh_from_db()
    assert key.revoked_at == now
    assert Record.objects.filter(action="api_key.revoked").count() == 1

"""Loading the demo's people: once, and again without a trace."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from config.demo import safe as safes
from config.demo.cast import PEOPLE, SHOPS
from config.demo.installation import install
from merchants.models import ApiKey, FeePlan, Merchant, WebhookEndpoint
from payments.channels.sandbox.simulator import serve
from payments.models import ChannelAccount

pytestmark = pytest.mark.django_db

BASE = "http://127.0.0.1:4711"


@pytest.fixture
def simulator(tmp_path, settings):
    with serve(book=tmp_path / "book.sqlite3", pace=0.02) as running:
        settings.SANDBOX_CHANNEL_URL = running.address
        yield running


@pytest.fixture
def safe(tmp_path):
    safe = safes.Safe(path=tmp_path / "secrets.json")
    safes.fill(safe)
    return safe


@pytest.fixture
def load(simulator, safe, now):
    call_command("sync_roles", verbosity=0)

    def load(safe=safe, base=BASE):
        return install(safe=safe, webhook_base=base, now=now)

    return load


def rows():
    return [
        list(Merchant.objects.order_by("pk").values()),
        list(ApiKey.objects.order_by("pk").values()),
        list(FeePlan.objects.order_by("pk").values()),
        list(WebhookEndpoint.objects.order_by("pk").values()),
        list(Authenticator.objects.order_by("pk").values()),
    ]


def test_every_shop_has_terms_two_keys_and_an_address(load, safe):
    installed = load()

    for shop in SHOPS:
        merchant = Merchant.objects.get(public_id=installed.merchants[shop.slug])
        assert merchant.name == shop.name
        plans = FeePlan.objects.filter(merchant=merchant)
        assert {plan.currency: plan.percent_bps for plan in plans} == {
            currency: tariff.percent_bps for currency, tariff in shop.tariffs.items()
        }
        kinds = ApiKey.objects.filter(merchant=merchant).values_list("kind", "algorithm")
        assert set(kinds) == {("signature", shop.algorithm), ("bearer", "")}
        endpoint = WebhookEndpoint.objects.get(merchant=merchant)
        assert endpoint.url == f"{BASE}/{shop.slug}"
    assert {shop.algorithm for shop in SHOPS} == {
        "ed25519",
        "ecdsa-p256-sha256",
        "rsa-pss-sha512",
    }


def test_loading_again_changes_nothing(load, safe):
    first = load()
    before, kept = rows(), safe.path.read_bytes()

    assert load() == first
    assert rows() == before
    assert safe.path.read_bytes() == kept


def test_another_port_only_moves_the_addresses(load):
    load()
    load(base="http://127.0.0.1:4712")
    assert {endpoint.url.rpartition("/")[0] for endpoint in WebhookEndpoint.objects.all()} == {
        "http://127.0.0.1:4712"
    }
    assert WebhookEndpoint.objects.count() == len(SHOPS)


def test_a_lost_safe_gives_new_keys_to_the_same_shops(load, tmp_path):
    first = load()
    fresh = safes.Safe(path=tmp_path / "another.json")
    safes.fill(fresh)

    assert load(safe=fresh) == first
    assert Merchant.objects.count() == WebhookEndpoint.objects.count() == len(SHOPS)
    keys = {kept.key_id for kept in fresh.shops.values()}
    assert set(ApiKey.objects.values_list("public_id", flat=True)) > keys


def test_operators_sign_in_with_password_and_code(load, safe):
    load()
    for person in PEOPLE:
        held = safe.people[person.username]
        operator = authenticate(username=person.username, password=held.password)
        assert operator is not None
        assert [group.name for group in operator.groups.all()] == [person.role]
        factor = Authenticator.objects.get(user=operator, type=Authenticator.Type.TOTP)
        assert held.totp_secret not in str(factor.data)
        code = format_hotp_value(hotp_value(held.totp_secret, counter_now()))
        assert TOTP(factor).validate_code(code)
    assert not get_user_model().objects.filter(is_superuser=True).exists()


def test_the_simulator_knows_the_account_and_its_secret(load, safe, simulator):
    installed = load()
    account = ChannelAccount.objects.get(public_id=installed.channel_account)
    assert (account.base_url, account.fee_bps) == (simulator.address, 60)


def test_the_safe_is_readable_for_its_owner_only_and_made_once(safe):
    safe.save()
    assert safe.path.stat().st_mode & 0o777 == 0o600
    again = safes.read(safe.path)
    safes.fill(again)
    assert again == safe


def test_two_installations_share_no_secret(tmp_path, safe):
    other = safes.Safe(path=tmp_path / "other.json")
    safes.fill(other)
    assert other.channel_secret != safe.channel_secret
    for slug, kept in safe.shops.items():
        assert other.shops[slug].private_key_pem != kept.private_key_pem
    for name, held in safe.people.items():
        assert other.people[name].password != held.password


def counter_now():
    return int(time.time()) // 30

"""The three commands, read as a script reads them: by their JSON and their exit code."""

import json
import shlex
import stat
from io import StringIO

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command

from merchants.models import ApiKey, Merchant
from merchants.selectors import fee_for
from merchants.states import Algorithm
from tests.factories.merchants import MerchantFactory, bearer, private_key_for, signer
from tests.merchants.api.client import ApiClient


def run(*args):
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue().strip()


def told(*args):
    return json.loads(run(*args, "--json"))


@pytest.mark.django_db
class TestMerchantsAndKeys:
    def test_a_merchant_is_created_with_its_fee(self):
        made = told("create_merchant", "Tea House", "--percent-bps", "290")
        merchant = Merchant.objects.get(public_id=made["merchant"])
        assert merchant.name == "Tea House"
        assert fee_for(merchant_id=merchant.pk, amount_minor=1000, currency="CNY") == 29
        assert made["merchant"] not in run("create_merchant", "Another")

    @pytest.mark.parametrize("args", [[" "], ["x" * 201], ["x", "--percent-bps", "10001"]])
    def test_a_merchant_that_makes_no_sense_is_refused(self, args):
        with pytest.raises(CommandError) as refused:
            run("create_merchant", *args)
        assert refused.value.returncode == 2
        assert not Merchant.objects.exists()

    def test_a_bearer_secret_works_at_once(self):
        issued = told("issue_key", MerchantFactory().public_id)
        key = ApiKey.objects.get(public_id=issued["key"])
        client = ApiClient(bearer(key.merchant)).http
        answer = client.get("/v1/events", headers={"Authorization": f"Bearer {issued['secret']}"})
        assert answer.status_code == 200

    def test_a_generated_key_is_for_its_owner_alone_and_never_overwritten(self, tmp_path):
        path = tmp_path / "key.pem"
        merchant = MerchantFactory().public_id
        issued = told("issue_key", merchant, "--mode", "live", "--generate", str(path))
        assert issued["algorithm"] == "ed25519"
        assert "secret" not in issued
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(CommandError):
            run("issue_key", merchant, "--mode", "live", "--generate", str(path))

    @pytest.mark.parametrize(
        "args",
        [
            ["mch_nobody"],
            ["{merchant}", "--mode", "live"],
            ["{merchant}", "--public-key", "/nowhere.pem"],
            ["{merchant}", "--public-key", "a", "--generate", "b"],
            ["{merchant}", "--algorithm", "rsa-pss-sha512", "--generate", "{tmp}/key.pem"],
        ],
    )
    def test_a_wrong_call_exits_with_2(self, args, tmp_path):
        merchant = MerchantFactory().public_id
        args = [a.format(merchant=merchant, tmp=tmp_path) for a in args]
        with pytest.raises(CommandError) as refused:
            run("issue_key", *args)
        assert refused.value.returncode == 2
        assert not ApiKey.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_signed_request_is_accepted_by_the_api(algorithm, tmp_path):
    key = signer(algorithm=algorithm).key
    path = tmp_path / "key.pem"
    path.write_bytes(
        private_key_for(algorithm).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    body = tmp_path / "body.json"
    body.write_text('{"url": "https://shop.example.com/hook"}')

    signed = told(
        "sign_request", "post", "http://localhost/v1/webhook_endpoints",
        "--key", key.public_id, "--private-key", str(path), "--data", f"@{body}",
        *(["--algorithm", algorithm] if algorithm.startswith("rsa") else []),
    )  # fmt: skip

    client = ApiClient(None)
    answer = client.raw(
        signed["method"], "/v1/webhook_endpoints", signed["body"].encode(), signed["headers"]
    )
    assert answer.status_code == 201, answer.content


def test_a_bearer_request_needs_no_files():
    headers = run("sign_request", "GET", "http://localhost/v1/events", "--key", "sk_test_x")
    assert headers == "Authorization: Bearer sk_test_x"


def test_curl_gets_the_bytes_that_were_signed(tmp_path):
    data = """{"note": "it's 支付"}"""
    line = run(
        "sign_request", "POST", "http://localhost/v1/x",
        "--key", "sk_test_x", "--data", data, "--curl", "--idempotency-key", "k-1",
    )  # fmt: skip
    words = shlex.split(line)
    assert words[:5] == ["curl", "-sS", "-X", "POST", "http://localhost/v1/x"]
    assert words[-2:] == ["--data-binary", data]
    assert "Idempotency-Key: k-1" in words


@pytest.mark.parametrize(
    "args",
    [
        ["GET", "/v1/events", "--key", "sk_test_x"],
        ["GET", "http://localhost/", "--key", "key_1"],
        ["GET", "http://localhost/", "--key", "key_1", "--private-key", "/nowhere.pem"],
        ["GET", "http://localhost/a b", "--key", "key_1", "--private-key", "{pem}"],
        ["GET", "http://localhost/", "--key", "key_1", "--private-key", "{garbage}"],
        ["POST", "http://localhost/", "--key", "sk_test_x", "--data", "@/nowhere.json"],
    ],
)
def test_a_request_that_cannot_be_signed_exits_with_2(args, tmp_path):
    pem, garbage = tmp_path / "key.pem", tmp_path / "garbage.pem"
    pem.write_bytes(
        private_key_for(Algorithm.ED25519).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    garbage.write_text("x")
    with pytest.raises(CommandError) as refused:
        run("sign_request", *[a.format(pem=pem, garbage=garbage) for a in args])
    assert refused.value.returncode == 2

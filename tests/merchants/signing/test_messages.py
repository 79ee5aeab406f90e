"""Our use of RFC 9421 and RFC 9530 against vectors that others computed."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import InvalidSignature

from merchants.signing import messages
from merchants.states import Algorithm
from tests.factories.merchants import pem_of, private_key_for

VECTORS = Path(__file__).parent.parent / "vectors"


def vectors(name):
    return json.loads((VECTORS / name).read_text())


COMPUTED = [
    vector
    for vector in vectors("http_message_signatures.json")["vectors"]
    if vector.get("algorithm") in Algorithm.values
]
PUBLISHED = vectors("published_rfc9421.json")


def verify_computed(vector):
    """As api/signatures.py does, for the tag that these vectors carry."""
    body = vector["body"].encode()
    if vector["headers"]["Content-Digest"] != messages.content_digest(body):
        raise messages.SignatureWrong("digest")
    request = messages.Request(vector["method"], vector["url"], vector["headers"])
    messages.verify(
        request,
        algorithm=Algorithm(vector["algorithm"]),
        public_key_pem=vector["public_key_pem"],
        key_id=vector["keyid"],
    )


@pytest.fixture
def their_tag(monkeypatch):
    monkeypatch.setattr(messages, "TAG", "example-payments")


@pytest.mark.usefixtures("their_tag")
@pytest.mark.parametrize("vector", COMPUTED, ids=lambda v: v["id"])
def test_others_signatures_are_judged_as_others_judge_them(vector):
    if vector["expect"] == "valid":
        verify_computed(vector)
    else:
        with pytest.raises(messages.SignatureWrong):
            verify_computed(vector)


def test_all_four_algorithms_have_a_vector():
    assert {v["algorithm"] for v in COMPUTED if v["expect"] == "valid"} == set(Algorithm.values)


@pytest.mark.parametrize(
    "vector",
    [v for v in COMPUTED if v["expect"] == "valid" and v["deterministic"]],
    ids=lambda v: v["id"],
)
def test_deterministic_algorithms_sign_the_same_bytes_as_others(vector):
    base = vector["signature_base"].encode()
    private_key = load_pem_private_key(vector["private_key_pem"].encode(), password=None)
    implementation = messages.IMPLEMENTATIONS[Algorithm(vector["algorithm"])]

    signature = implementation(private_key=private_key).sign(base)

    assert vector["headers"]["Signature"] == f"sig1=:{base64.b64encode(signature).decode()}:"


@pytest.mark.parametrize(
    "vector",
    [v for v in PUBLISHED["vectors"] if v["algorithm"] in Algorithm.values],
    ids=lambda v: v["id"],
)
def test_the_published_signatures_verify(vector):
    key = PUBLISHED["keys"][vector["keyid"]]["public_key"]
    implementation = messages.IMPLEMENTATIONS[Algorithm(vector["algorithm"])]
    raw = vector["headers"]["Signature"].partition("=:")[2].rstrip(":")
    verifier = implementation(public_key=load_pem_public_key(key.encode()))
    verifier.verify(base64.b64decode(raw), vector["signature_base"].encode())


@pytest.mark.parametrize(
    "vector", vectors("published_rfc9530.json")["vectors"], ids=lambda v: v["id"]
)
def test_the_published_digests_are_ours(vector):
    assert messages.content_digest(vector["body"].encode()) == vector["expected"]["sha-256"]


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_we_sign_verifies_and_a_changed_body_digest_does_not(algorithm, now):
    private_key = private_key_for(algorithm)
    request = messages.Request(
        "POST",
        "https://api.example.com/v1/payments?x=a%20b",
        {"Content-Type": "application/json", "Idempotency-Key": "k-1"},
    )
    signed = messages.sign_request(
        request,
        body=b"{}",
        key_id="key_1",
        algorithm=algorithm,
        private_key=private_key,
        now=now,
    )
    keys = {"algorithm": algorithm, "public_key_pem": pem_of(private_key), "key_id": "key_1"}
    headers = {**request.headers, **signed}

    messages.verify(messages.Request(request.method, request.url, headers), **keys)
    other = {**headers, "Content-Digest": messages.content_digest(b"{ }")}
    with pytest.raises(messages.SignatureWrong):
        messages.verify(messages.Request(request.method, request.url, other), **keys)


@pytest.mark.parametrize(
    ("signature", "signature_input"),
    [
        ("sig1=:AAAA:, sig2=:AAAA:", 'sig1=("@method");created=1'),
        ("sig1=:AAAA:,sig1=:BBBB:", 'sig1=("@method");created=1'),
        ("sig1=:AAAA:", 'sig1=("@method");created=1, sig1=("@path");created=1'),
        ("sig1=:AAAA:", 'sig1=("@method");created=1;created=2'),
        ("sig1=:AAAA:", 'sig1=("@method");created=1.5'),
        ("sig1=:AAAA:", 'sig1=("@method";req);created=1'),
        ("sig2=:AAAA:", 'sig2=("@method");created=1'),
        ("sig1=AAAA", 'sig1=("@method");created=1'),
        ("sig1=::", 'sig1=("@method");created=1'),
        ("", ""),
        ("sig1=:AAAA:\n", 'sig1=("@method");created=1'),
        ("sig1=:AAAA:", 'sig1=("@method");nonce="é"'),
    ],
)
def test_anything_but_one_plain_sig1_is_malformed(signature, signature_input):
    with pytest.raises(messages.SignatureMalformed):
        messages.claimed(signature=signature, signature_input=signature_input)


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        (Algorithm.RSA_PSS_SHA512, lambda: rsa.generate_private_key(65537, 1024)),  # noqa: S505
        (Algorithm.ECDSA_P256_SHA256, lambda: ec.generate_private_key(ec.SECP384R1())),
        (Algorithm.ECDSA_P256_SHA256, lambda: ec.generate_private_key(ec.SECP256K1())),
        (Algorithm.ED25519, lambda: private_key_for(Algorithm.ECDSA_P256_SHA256)),
        (Algorithm.RSA_V1_5_SHA256, lambda: private_key_for(Algorithm.ED25519)),
    ],
)
def test_short_keys_and_other_curves_are_unfit(algorithm, make):
    with pytest.raises(messages.KeyUnfit):
        messages.public_key(pem_of(make()), algorithm)


def test_a_private_key_is_no_public_key():
    with pytest.raises(messages.KeyUnfit):
        messages.public_key("-----BEGIN PRIVATE KEY-----\nAAAA\n", Algorithm.ED25519)


def test_the_library_refuses_what_the_policy_does_not_look_at(now):
    """A component that is named twice: the library's own refusal reaches us as ours."""
    private_key = private_key_for(Algorithm.ED25519)
    request = messages.Request("GET", "http://localhost/", {})
    headers = messages.sign_request(
        request,
        body=b"",
        key_id="key_1",
        algorithm=Algorithm.ED25519,
        private_key=private_key,
        now=now,
    )
    headers["Signature-Input"] = headers["Signature-Input"].replace(
        '"@method"', '"@method" "@method"', 1
    )
    with pytest.raises(messages.SignatureWrong) as refused:
        messages.verify(
            messages.Request("GET", "http://localhost/", headers),
            algorithm=Algorithm.ED25519,
            public_key_pem=pem_of(private_key),
            key_id="key_1",
        )
    assert isinstance(refused.value.__cause__, InvalidSignature)

"""Merchants, with the keys that they sign with."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import factory
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import SigningKey

from audit.actor import Actor, ActorKind
from merchants.models import ApiKey, FeePlan, Merchant
from merchants.services import api_keys
from merchants.states import Algorithm, Mode

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
OPERATOR = Actor(kind=ActorKind.OPERATOR, id="opr_test")


class MerchantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Merchant

    class Params:
        suspended = factory.Trait(status="suspended")

    name = factory.Sequence(lambda n: f"Merchant {n}")
    created_at = BEGINNING


class FeePlanFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FeePlan

    merchant = factory.SubFactory(MerchantFactory)
    currency = ""
    percent_bps = 290


@dataclass(frozen=True)
class Signer:
    """A key of a merchant together with its private half."""

    key: ApiKey
    private_key: SigningKey

    @property
    def algorithm(self) -> Algorithm:
        return Algorithm(self.key.algorithm)


def signer(merchant=None, *, algorithm=Algorithm.ED25519, mode=Mode.LIVE) -> Signer:
    """A signature key of the merchant, or of a fresh one."""
    private_key = private_key_for(algorithm)
    issued = api_keys.issue(
        merchant=merchant or MerchantFactory(),
        mode=mode,
        algorithm=algorithm,
        public_key_pem=pem_of(private_key),
        by=OPERATOR,
        now=BEGINNING,
    )
    return Signer(issued.key, private_key)


def bearer(merchant=None) -> api_keys.Issued:
    """A test key of the merchant, or of a fresh one, with its secret."""
    return api_keys.issue(
        merchant=merchant or MerchantFactory(), mode=Mode.TEST, by=OPERATOR, now=BEGINNING
    )


@cache
def private_key_for(algorithm: Algorithm) -> SigningKey:
    """One per algorithm and run: making RSA keys is slow."""
    match algorithm:
        case Algorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case Algorithm.ECDSA_P256_SHA256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.RSA_PSS_SHA512 | Algorithm.RSA_V1_5_SHA256:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(private_key) -> str:
    public_key = private_key.public_key()
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

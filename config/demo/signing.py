"""A merchant's own half of RFC 9421: signs what it sends, verifies what it is answered.

Written against the published contract and the http-message-signatures package, as a merchant would;
nothing of the platform's own code is used.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)

LABEL = "sig1"
TAG = "zerosum"
ALGORITHMS: dict[str, type[HTTPSignatureAlgorithm]] = {
    "ed25519": algorithms.ED25519,
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
    "rsa-pss-sha512": algorithms.RSA_PSS_SHA512,
}
ANSWER_COVERS = ("@status", "content-digest", "content-type")
OF_THE_REQUEST = '"signature";req;key="sig1"'

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class AnswerForged(Exception):
    """The answer is not signed by the platform, or not as the contract says."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request, in the shape that the signature package reads."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request. `request` is None where the request was not signed."""

    status_code: int
    headers: Mapping[str, str]
    request: Message | None


class Signature:
    """Signs with the shop's own key; one per shop, used by all its threads."""

    def __init__(self, *, key_id: str, algorithm: str, private_key_pem: str) -> None:
        self._key_id = key_id
        key = load_pem_private_key(private_key_pem.encode(), password=None)
        self._signer = HTTPMessageSigner(
            signature_algorithm=ALGORITHMS[algorithm],
            key_resolver=MappingKeyResolver(
                public_keys={}, private_keys={key_id: cast(PrivateKey, key)}
            ),
        )

    def authorize(self, message: Message, body: bytes) -> bool:
        """Adds the headers; True, for the answer has to refer to the signature."""
        covered = ["@method", "@authority", "@path", "@query"]
        if body:
            covered.append("content-type")
        if "Idempotency-Key" in message.headers:
            covered.append("idempotency-key")
        self._signer.sign(
            message,
            key_id=self._key_id,
            created=datetime.now(UTC),
            nonce=secrets.token_urlsafe(18),
            label=LABEL,
            tag=TAG,
            covered_component_ids=covered,
            body=body or None,
        )
        return True


@dataclass(frozen=True, slots=True)
class Bearer:
    """A test key as a token, for the scripts that only read."""

    secret: str

    def authorize(self, message: Message, body: bytes) -> bool:  # noqa: ARG002 - as Signature
        message.headers["Authorization"] = f"Bearer {self.secret}"
        return False


Authorization = Signature | Bearer


class PlatformKeys:
    """The platform's public keys, from /.well-known/jwks.json."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        found = {str(key["kid"]): _public_key(key) for key in jwks["keys"]}
        self._verifier = HTTPMessageVerifier(
            signature_algorithm=algorithms.ED25519,
            key_resolver=MappingKeyResolver(public_keys=found, private_keys={}),
        )

    def check(self, reply: Reply, body: bytes) -> None:
        """Raises AnswerForged."""
        covers = [*ANSWER_COVERS, *([OF_THE_REQUEST] if reply.request else [])]
        try:
            self._verifier.verify(
                reply, expect_tag=TAG, expect_label=LABEL, require_components=covers, body=body
            )
        except InvalidSignature as error:
            raise AnswerForged(str(error)) from error


def new_private_key(algorithm: str) -> str:
    """As PEM. Raises KeyError for an algorithm that no shop uses."""
    make: dict[str, Any] = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ecdsa-p256-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa-pss-sha512": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }
    key: PrivateKey = make[algorithm]()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_key_of(private_key_pem: str) -> str:
    key = cast(PrivateKey, load_pem_private_key(private_key_pem.encode(), password=None))
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _public_key(jwk: Mapping[str, Any]) -> ed25519.Ed25519PublicKey:
    text = str(jwk["x"])
    return ed25519.Ed25519PublicKey.from_public_bytes(
        base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    )

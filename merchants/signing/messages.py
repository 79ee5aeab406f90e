"""RFC 9421 signatures and RFC 9530 digests: the mechanism. What we demand is in api/signatures.py."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

import http_sf
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    InvalidSignature,
    MappingKeyResolver,
    SigningKey,
    VerificationKey,
    algorithms,
)

from merchants.states import Algorithm

LABEL = "sig1"
TAG = "zerosum"
MINIMUM_RSA_BITS = 2048
ANSWER_COMPONENTS = ("@status", "content-digest", "content-type")
# Covered by the answer to a signed request, so that the answer belongs to that request alone.
REQUEST_SIGNATURE = '"signature";req;key="sig1"'
# One member, one value. RFC 8941 would let a second member of the same name replace the first.
SIGNATURE = re.compile(r"sig1=:[A-Za-z0-9+/]{1,1400}={0,2}:", re.ASCII)
SIGNATURE_INPUT = re.compile(
    r'sig1=\((?:"[a-z0-9@_-]{1,40}"(?: "[a-z0-9@_-]{1,40}")*)?\)'
    r'(?:;[a-z]{1,10}=(?:-?[0-9]{1,15}|"[\x20-\x21\x23-\x5b\x5d-\x7e]{0,200}"))*',
    re.ASCII,
)
IMPLEMENTATIONS: dict[Algorithm, type[HTTPSignatureAlgorithm]] = {
    Algorithm.ED25519: algorithms.ED25519,
    Algorithm.ECDSA_P256_SHA256: algorithms.ECDSA_P256_SHA256,
    Algorithm.RSA_PSS_SHA512: algorithms.RSA_PSS_SHA512,
    Algorithm.RSA_V1_5_SHA256: algorithms.RSA_V1_5_SHA256,
}


class KeyUnfit(Exception):
    """No PEM public key, the wrong kind for the algorithm, another curve, or an RSA key under 2048 bits."""


class SignatureMalformed(Exception):
    """Signature or Signature-Input is not exactly one sig1 as the contract writes it."""


class SignatureWrong(Exception):
    """The signature is not this key's over this message."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent; `url` is absolute with the raw, still encoded target."""

    method: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    status_code: int
    headers: dict[str, str]
    request: Request | None


class Claimed(NamedTuple):
    """What Signature-Input says, not yet verified."""

    components: tuple[str, ...]
    parameters: dict[str, int | str]


class Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """The window is checked in api/signatures.py, against the clock that the door read."""


def content_digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def claimed(*, signature: str, signature_input: str) -> Claimed:
    """Reads the headers strictly. Raises SignatureMalformed."""
    if not SIGNATURE.fullmatch(signature) or not SIGNATURE_INPUT.fullmatch(signature_input):
        raise SignatureMalformed("expected exactly one signature, labelled sig1")
    try:
        members = http_sf.parse(
            signature_input.encode(), tltype="dictionary", on_duplicate_key=_refuse_duplicate
        )
    except ValueError as error:
        raise SignatureMalformed("Signature-Input is no structured field") from error
    inner_list, parameters = cast("dict[str, Any]", members)[LABEL]
    return Claimed(tuple(name for name, _ in inner_list), parameters)


def verify(request: Request, *, algorithm: Algorithm, public_key_pem: str, key_id: str) -> None:
    """Raises SignatureWrong. The algorithm is the key's; one named by the message must agree."""
    key = public_key(public_key_pem, algorithm)
    verifier = Verifier(
        signature_algorithm=IMPLEMENTATIONS[algorithm],
        key_resolver=MappingKeyResolver(public_keys={key_id: key}, private_keys={}),
    )
    try:
        verifier.verify(request, max_age=None, expect_tag=TAG, expect_label=LABEL)
    except InvalidSignature as error:
        raise SignatureWrong(str(error)) from error


def sign_request(
    request: Request,
    *,
    body: bytes,
    key_id: str,
    algorithm: Algorithm,
    private_key: SigningKey,
    now: datetime,
    nonce: str = "",
) -> dict[str, str]:
    """The headers to send besides the request's own: digest (where there is a body) and signature."""
    headers = dict(request.headers)
    covered = ["@method", "@authority", "@path", "@query"]
    if body:
        headers["Content-Digest"] = content_digest(body)
        covered += ["content-digest", "content-type"]
    if "idempotency-key" in {name.lower() for name in headers}:
        covered.append("idempotency-key")
    message = Request(request.method, request.url, headers)
    _sign(message, covered, key_id, algorithm, private_key, now, nonce or secrets.token_urlsafe(18))
    return {k: v for k, v in headers.items() if k not in request.headers}


def sign_answer(
    answer: Answer,
    *,
    key_id: str,
    private_key: ed25519.Ed25519PrivateKey,
    now: datetime,
) -> None:
    """Adds Signature-Input and Signature; Content-Digest and Content-Type must be there."""
    covered = list(ANSWER_COMPONENTS)
    if answer.request is not None:
        covered.append(REQUEST_SIGNATURE)
    nonce = secrets.token_urlsafe(18)
    _sign(answer, covered, key_id, Algorithm.ED25519, private_key, now, nonce)


@lru_cache(maxsize=4096)
def public_key(pem: str, algorithm: Algorithm) -> VerificationKey:
    """Raises KeyUnfit."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnfit("not a PEM public key") from error
    match algorithm, key:
        case Algorithm.ED25519, ed25519.Ed25519PublicKey():
            return key
        case Algorithm.ECDSA_P256_SHA256, ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return key
        case Algorithm.RSA_PSS_SHA512 | Algorithm.RSA_V1_5_SHA256, rsa.RSAPublicKey(key_size=bits):
            if bits >= MINIMUM_RSA_BITS:
                return key
        case _:
            pass
    raise KeyUnfit(f"the key does not fit {algorithm}")


def _sign(
    message: Request | Answer,
    covered: Sequence[str],
    key_id: str,
    algorithm: Algorithm,
    private_key: SigningKey,
    now: datetime,
    nonce: str,
) -> None:
    signer = HTTPMessageSigner(
        signature_algorithm=IMPLEMENTATIONS[algorithm],
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: private_key}),
    )
    signer.sign(
        message,
        key_id=key_id,
        created=now,
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        covered_component_ids=covered,
        use_existing_digest="content-digest" in covered,
    )


def _refuse_duplicate(key: str, context: str) -> None:
    raise SignatureMalformed(f"{key} is given twice ({context})")

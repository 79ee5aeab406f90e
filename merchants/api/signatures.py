"""What we demand of a signed request, and how answers are signed. The mechanism is in signing/messages.py."""

import hmac
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponseBase

from audit import vault
from merchants.api.errors import ApiError
from merchants.api.fields import is_public_id
from merchants.models import ApiKey
from merchants.services import nonces
from merchants.signing import messages
from merchants.states import Algorithm, KeyKind

WINDOW_SECONDS = 300
NONCE_LENGTHS = range(16, 129)
REQUIRED_PARAMETERS = {"created", "nonce", "keyid", "alg", "tag"}
ALLOWED_PARAMETERS = REQUIRED_PARAMETERS | {"expires"}
REQUIRED_COMPONENTS = {"@method", "@authority", "@path", "@query"}
SINGLE_HEADERS = ("signature", "signature-input", "content-digest", "authorization", "host")


def is_signed(request: HttpRequest) -> bool:
    return "Signature" in request.headers or "Signature-Input" in request.headers


def signer(request: HttpRequest, *, now: datetime) -> ApiKey:
    """The key, with its merchant, that signed the request. Raises ApiError."""
    _check_single(request)
    claimed = _claimed(request)
    created = _check_times(claimed, now=now)
    key = _key(claimed)
    _check_digest(request)
    try:
        messages.verify(
            _message(request),
            algorithm=Algorithm(key.algorithm),
            public_key_pem=key.public_key_pem,
            key_id=key.public_id,
        )
    except messages.SignatureWrong as error:
        raise ApiError("signature_invalid") from error
    # Last, so that nobody without the private key can use up a nonce. It is kept for as long as a
    # signature of that second could still be accepted.
    forget_after = created + timedelta(seconds=2 * WINDOW_SECONDS)
    nonce = str(claimed.parameters["nonce"])
    if not nonces.remember(key=key, nonce=nonce, forget_after=forget_after):
        raise ApiError("nonce_reused")
    return key


def sign(request: HttpRequest, response: HttpResponseBase, *, body: bytes, now: datetime) -> None:
    """Adds Content-Digest, Signature-Input and Signature to an answer."""
    response["Content-Digest"] = messages.content_digest(body)
    headers = {name: response[name] for name in ("Content-Digest", "Content-Type")}
    answer = messages.Answer(response.status_code, headers, _signed_request(request))
    key_id, private_key = vault.signing_key()
    messages.sign_answer(answer, key_id=key_id, private_key=private_key, now=now)
    for name in ("Signature-Input", "Signature"):
        response[name] = headers[name]


def _check_single(request: HttpRequest) -> None:
    """WSGI joins repeated headers with a comma, and none of these may hold one."""
    for name in SINGLE_HEADERS:
        value = request.headers.get(name, "")
        if "," in _without_quoted(value):
            raise ApiError("header_duplicate")


def _without_quoted(value: str) -> str:
    return "".join(value.split('"')[::2])


def _claimed(request: HttpRequest) -> messages.Claimed:
    if "Signature" not in request.headers or "Signature-Input" not in request.headers:
        raise ApiError("signature_missing", "Signature and Signature-Input belong together.")
    try:
        claimed = messages.claimed(
            signature=request.headers["Signature"],
            signature_input=request.headers["Signature-Input"],
        )
    except messages.SignatureMalformed as error:
        raise ApiError("signature_invalid", f"{error}.") from error
    _check_parameters(claimed)
    _check_components(request, claimed)
    return claimed


def _check_parameters(claimed: messages.Claimed) -> None:
    names = set(claimed.parameters)
    if not REQUIRED_PARAMETERS <= names <= ALLOWED_PARAMETERS:
        raise ApiError("signature_invalid", "A signature parameter is missing or not known.")
    for name, value in claimed.parameters.items():
        wanted: type = int if name in {"created", "expires"} else str
        if type(value) is not wanted:
            raise ApiError("signature_invalid", f"The parameter {name} has the wrong type.")
    if claimed.parameters["tag"] != messages.TAG:
        raise ApiError("signature_invalid", 'The tag must be "zerosum".')
    if len(str(claimed.parameters["nonce"])) not in NONCE_LENGTHS:
        raise ApiError("signature_invalid", "A nonce has 16 to 128 characters.")
    if claimed.parameters["alg"] not in Algorithm.values:
        raise ApiError("algorithm_not_allowed")


def _check_components(request: HttpRequest, claimed: messages.Claimed) -> None:
    needed = set(REQUIRED_COMPONENTS)
    if request.body:
        needed |= {"content-digest", "content-type"}
    if "Idempotency-Key" in request.headers:
        needed.add("idempotency-key")
    missing = sorted(needed - set(claimed.components))
    if missing:
        raise ApiError("signature_invalid", f"The signature does not cover {', '.join(missing)}.")


def _check_times(claimed: messages.Claimed, *, now: datetime) -> datetime:
    created, expires = int(claimed.parameters["created"]), claimed.parameters.get("expires")
    if abs(now.timestamp() - created) > WINDOW_SECONDS:
        raise ApiError("timestamp_out_of_window")
    if expires is not None:
        if int(expires) < created:
            raise ApiError("signature_invalid", "The signature expires before it was created.")
        if int(expires) < now.timestamp():
            raise ApiError("timestamp_out_of_window")
    return datetime.fromtimestamp(created, tz=UTC)


def _key(claimed: messages.Claimed) -> ApiKey:
    """Chosen by its id alone; the algorithm that the message names must be the one registered."""
    key_id = str(claimed.parameters["keyid"])
    if not is_public_id(key_id, "key"):
        raise ApiError("key_unknown")
    key = (
        ApiKey.objects.select_related("merchant")
        .filter(public_id=key_id, kind=KeyKind.SIGNATURE)
        .first()
    )
    if key is None:
        raise ApiError("key_unknown")
    if key.revoked_at:
        raise ApiError("key_revoked")
    if key.algorithm != claimed.parameters["alg"]:
        raise ApiError("algorithm_not_allowed")
    return key


def _check_digest(request: HttpRequest) -> None:
    """Over the raw bytes, whatever they turn out to mean."""
    given = request.headers.get("content-digest")
    if given is None and not request.body:
        return
    wanted = messages.content_digest(request.body)
    if not hmac.compare_digest((given or "").encode(), wanted.encode()):
        raise ApiError("signature_invalid", "Content-Digest does not match the body.")


def _message(request: HttpRequest) -> messages.Request:
    return messages.Request(
        method=request.META["REQUEST_METHOD"],
        url=f"{request.scheme}://{request.get_host()}{_raw_target(request)}",
        headers=dict(request.headers),
    )


def _raw_target(request: HttpRequest) -> str:
    """The target as it was sent; Django's own path is decoded and would hide differences."""
    target = str(request.META.get("RAW_URI") or request.get_full_path())
    if not target.startswith("/"):
        raise ApiError("signature_invalid", "Send the request target in origin form.")
    return target


def _signed_request(request: HttpRequest) -> messages.Request | None:
    """None where the request has no single sig1 that an answer could cover."""
    if not messages.SIGNATURE.fullmatch(request.headers.get("Signature", "")):
        return None
    return messages.Request("GET", "http://unused/", {"Signature": request.headers["Signature"]})

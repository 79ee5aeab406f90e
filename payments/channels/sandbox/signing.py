"""What the sandbox's two sides sign, and how: HMAC-SHA256 in hex over the bytes as they are on the wire."""

import hashlib
import hmac
from collections.abc import Mapping

ACCOUNT_HEADER = "Sandbox-Account"
TIMESTAMP_HEADER = "Sandbox-Timestamp"
SIGNATURE_HEADER = "Sandbox-Signature"
TOLERANCE_SECONDS = 300


class SignatureRefused(Exception):
    """`reason` is one of signature_missing, account_wrong, timestamp_out_of_window, signature_wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def request_headers(
    *, account: str, secret: bytes, method: str, path: str, timestamp: int, body: bytes
) -> dict[str, str]:
    return _headers(account, secret, timestamp, _request_line(method, path), body)


def check_request(
    headers: Mapping[str, str],
    *,
    account: str,
    secret: bytes,
    method: str,
    path: str,
    body: bytes,
    now: float,
) -> None:
    """Raises SignatureRefused."""
    _check(headers, account, secret, _request_line(method, path), body, now)


def callback_headers(*, account: str, secret: bytes, timestamp: int, body: bytes) -> dict[str, str]:
    return _headers(account, secret, timestamp, "callback", body)


def check_callback(
    headers: Mapping[str, str], *, account: str, secret: bytes, body: bytes, now: float
) -> int:
    """The time of the signature, in seconds. Raises SignatureRefused."""
    return _check(headers, account, secret, "callback", body, now)


def statement_signature(*, secret: bytes, lines: bytes) -> str:
    return _sign(secret, "statement", lines)


def statement_signature_matches(signature: str, *, secret: bytes, lines: bytes) -> bool:
    expected = statement_signature(secret=secret, lines=lines)
    return hmac.compare_digest(expected.encode(), signature.encode())


def _request_line(method: str, path: str) -> str:
    return f"{method} {path}"


def _headers(
    account: str, secret: bytes, timestamp: int, subject: str, body: bytes
) -> dict[str, str]:
    return {
        ACCOUNT_HEADER: account,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: _sign(secret, f"{subject}\n{account}\n{timestamp}", body),
    }


def _check(
    headers: Mapping[str, str],
    account: str,
    secret: bytes,
    subject: str,
    body: bytes,
    now: float,
) -> int:
    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get(SIGNATURE_HEADER.lower(), "")
    timestamp = given.get(TIMESTAMP_HEADER.lower(), "")
    if not signature or not timestamp:
        raise SignatureRefused("signature_missing")
    if given.get(ACCOUNT_HEADER.lower()) != account:
        raise SignatureRefused("account_wrong")
    # isdecimal alone lets other scripts' digits through, which int() reads too.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise SignatureRefused("timestamp_out_of_window")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused("timestamp_out_of_window")
    expected = _sign(secret, f"{subject}\n{account}\n{timestamp}", body)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise SignatureRefused("signature_wrong")
    return int(timestamp)


def _sign(secret: bytes, subject: str, body: bytes) -> str:
    return hmac.new(secret, subject.encode() + b"\n" + body, hashlib.sha256).hexdigest()

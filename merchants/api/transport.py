"""What is wrong with a request before anybody asks who sent it: size, encoding, card data in its headers."""

import re
from email.message import Message

from django.http import HttpRequest

from merchants.api import texts
from merchants.api.errors import ApiError
from merchants.api.parsers import MAX_BODY_BYTES

JSON = "application/json"
DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
READING = ("GET", "HEAD", "OPTIONS")


def check(request: HttpRequest) -> None:
    """Raises ApiError. Nothing of the body is read before its length is known to be bearable."""
    _check_length(request)
    _check_coding(request)
    _check_media_type(request)
    _check_key(request)


def _check_length(request: HttpRequest) -> None:
    if "HTTP_TRANSFER_ENCODING" in request.META:
        raise ApiError("length_required")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not DIGITS.fullmatch(length):
        raise ApiError("request_invalid", "Content-Length is not a number.")
    if int(length) > MAX_BODY_BYTES:
        raise ApiError("body_too_large")


def _check_coding(request: HttpRequest) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError("encoding_unsupported")


def _check_media_type(request: HttpRequest) -> None:
    """A type that is named has to be JSON, even for an empty body: a form is never what is meant. A
    request that only reads has no body to name the type of; some servers name one all the same."""
    named = request.META.get("CONTENT_TYPE", "")
    if not request.body and (not named or request.method in READING):
        return
    header = Message()
    header["content-type"] = named
    if named.partition(";")[0].strip().lower() != JSON:
        raise ApiError("media_type_unsupported")
    charset = header.get_param("charset", "utf-8")
    if not isinstance(charset, str) or charset.lower() not in {"utf-8", "utf8"}:
        raise ApiError("charset_unsupported")


def _check_key(request: HttpRequest) -> None:
    if texts.is_card_data(request.headers.get("idempotency-key", "")):
        raise ApiError("card_data_not_allowed")

"""Every refusal and failure as RFC 9457 problem+json."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.request import Request

from audit.ids import new_id
from merchants.api.problems import PROBLEMS
from merchants.api.renderers import json_bytes

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
UNAVAILABLE_SECONDS = 2
# What Django REST framework's own fields and exceptions call things.
FRAMEWORK_CODES = {
    "required": "field_missing",
    "method_not_allowed": "method_not_allowed",
    "not_found": "not_found",
    "not_authenticated": "signature_missing",
    "authentication_failed": "signature_invalid",
    "permission_denied": "permission_denied",
    "unsupported_media_type": "media_type_unsupported",
    "parse_error": "json_invalid",
}
# The last is a body that broke off.
DJANGO_CODES: dict[type[Exception], str] = {
    Http404: "not_found",
    PermissionDenied: "permission_denied",
    UnreadablePostError: "request_invalid",
}


class FieldError(NamedTuple):
    field: str
    code: str
    detail: str


class ApiError(exceptions.APIException):
    """A refusal with a code of the table; status and title come from there."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.status_code = PROBLEMS[code].status
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(detail or PROBLEMS[code].remedy, code)


def problem_response(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The API's exception handler; None for what nobody foresaw, which becomes an internal_error."""
    error = as_api_error(exc)
    if error is None:
        return None
    request = context["request"]
    http_request = request._request if isinstance(request, Request) else request  # noqa: SLF001 - no public way to the HttpRequest
    return render(http_request, error)


def render(request: HttpRequest, error: ApiError) -> HttpResponse:
    body: dict[str, object] = {
        "type": f"{settings.PUBLIC_BASE_URL}/v1/problems/{error.code}",
        "title": PROBLEMS[error.code].title,
        "status": error.status_code,
        "code": error.code,
        "detail": str(error.detail),
        "request_id": request_id(request),
    }
    if error.errors:
        body["errors"] = [e._asdict() for e in error.errors]
    headers = dict(error.headers)
    if error.status_code == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="zerosum"'
    return HttpResponse(
        json_bytes(body), status=error.status_code, content_type=CONTENT_TYPE, headers=headers
    )


def request_id(request: HttpRequest) -> str:
    """The id that the middleware gave; a request that bypassed it gets one now."""
    if not hasattr(request, "request_id"):
        request.request_id = new_id("req")  # type: ignore[attr-defined]
    return str(request.request_id)  # type: ignore[attr-defined]


def as_api_error(exc: Exception) -> ApiError | None:
    """The refusal that an exception means; None for what nobody foresaw."""
    match exc:
        case ApiError():
            return exc
        case exceptions.ValidationError():
            return _invalid(exc)
        case exceptions.APIException():
            return _framework_error(exc)
        case Http404() | PermissionDenied() | UnreadablePostError():
            return ApiError(DJANGO_CODES[type(exc)])
        case OperationalError() | InterfaceError():
            logger.error("database unavailable: %s", exc)
            return unavailable()
        case _:
            return None


def unavailable() -> ApiError:
    return ApiError("temporarily_unavailable", headers={"Retry-After": str(UNAVAILABLE_SECONDS)})


def _framework_error(exc: exceptions.APIException) -> ApiError | None:
    code = FRAMEWORK_CODES.get(exc.default_code)
    return ApiError(code) if code else None


def _invalid(exc: exceptions.ValidationError) -> ApiError:
    """The shape goes before the value: a 400 among the errors decides over a 422."""
    errors = list(_flat(exc.detail))
    first = min(errors, key=lambda e: PROBLEMS[e.code].status)
    return ApiError(first.code, first.detail, errors=errors)


def _flat(detail: Any, path: str = "") -> Iterator[FieldError]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flat(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, path)
    else:
        code = FRAMEWORK_CODES.get(detail.code, detail.code)
        yield FieldError(path, code if code in PROBLEMS else "field_invalid", str(detail))

"""The frame around every POST, PATCH and DELETE: begun once, answered the same way ever after."""

import hashlib
import re
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Protocol, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.authentication import Caller
from merchants.api.errors import ApiError, as_api_error, render
from merchants.api.renderers import JSONRenderer, json_bytes
from merchants.models.idempotency import Scope
from merchants.services import idempotency
from merchants.services.idempotency import Claim, Replay

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
# An IETF draft writes the key as a quoted string; most clients send it bare. Both mean the same.
QUOTED = re.compile(r'"([^"]*)"')
UNFINISHED_RETRY_SECONDS = 1
# What the record's column holds; no address of ours is longer.
LONGEST_PATH = 255


class Framed(Protocol):
    """What the frame needs of a view."""

    one_transaction: bool
    claim: Claim

    def resume(self, request: Request, resource: str, **kwargs: str) -> Response: ...


Handler = Callable[..., Response]


def framed(handler: Handler) -> Callable[..., HttpResponse]:
    """Wraps a view's method. What the method raises leaves no record, unless it had begun something:
    then a refusal is its answer for ever, and a failure leaves it to the retry."""

    @wraps(handler)
    def answer(view: Framed, request: Request, **kwargs: str) -> HttpResponse:
        scope, fingerprint = _identify(request)
        # Parsed before anything is begun: a body that cannot be read burns no key.
        request.data  # noqa: B018 - read for its refusals
        begun = _begin(scope, fingerprint)
        if isinstance(begun, Replay):
            return _replayed(begun)
        view.claim = begun
        with ExitStack() as failing:
            failing.callback(_abandon, begun)
            try:
                try:
                    response = _run(handler, view, request, begun, kwargs)
                except APIException as error:
                    response = _keep_refusal(begun, request, error)
            except idempotency.LeaseLost as error:
                raise in_progress(UNFINISHED_RETRY_SECONDS) from error
            failing.pop_all()
        return response

    return answer


def in_progress(seconds: int) -> ApiError:
    return ApiError("idempotency_in_progress", headers={"Retry-After": str(seconds)})


def _run(
    handler: Handler, view: Framed, request: Request, claim: Claim, kwargs: dict[str, str]
) -> HttpResponse:
    if claim.resource:
        return _keep(claim, view.resume(request, claim.resource, **kwargs))
    if view.one_transaction:
        with transaction.atomic():
            return _keep(claim, handler(view, request, **kwargs))
    return _keep(claim, handler(view, request, **kwargs))


def _keep(claim: Claim, response: Response) -> HttpResponse:
    """The answer as bytes, stored in whatever transaction is open."""
    body = json_bytes(response.data)
    headers = {**dict(response.items()), "Content-Type": JSONRenderer.media_type}
    idempotency.complete(claim, status=response.status_code, headers=headers, body=body)
    return HttpResponse(body, status=response.status_code, headers=headers)


def _keep_refusal(claim: Claim, request: Request, error: APIException) -> HttpResponse:
    """The refusal as bytes, stored where something was begun. Raises `error` where nothing was, or
    where the platform failed."""
    refusal = as_api_error(error)
    begun = claim.rows().exclude(resource="").exists()
    if refusal is None or refusal.status_code >= 500 or not begun:
        raise error
    response = render(request._request, refusal)  # noqa: SLF001 - no public way to the HttpRequest
    idempotency.complete(
        claim,
        status=response.status_code,
        headers=dict(response.items()),
        body=response.content,
    )
    return response


def _abandon(claim: Claim) -> None:
    idempotency.abandon(claim, now=timezone.now())


def _replayed(replay: Replay) -> HttpResponse:
    return HttpResponse(
        replay.body,
        status=replay.status,
        headers={**replay.headers, "Idempotent-Replayed": "true"},
    )


def _begin(scope: Scope, fingerprint: str) -> Claim | Replay:
    try:
        return idempotency.begin(scope=scope, fingerprint=fingerprint, now=timezone.now())
    except idempotency.KeyReused as error:
        raise ApiError("idempotency_key_reused") from error
    except idempotency.InProgress as error:
        raise in_progress(error.retry_after_seconds) from error


def _identify(request: Request) -> tuple[Scope, str]:
    caller = cast("Caller", request.auth)
    http_request: HttpRequest = request._request  # noqa: SLF001 - no public way to the HttpRequest
    if len(http_request.path) > LONGEST_PATH or "\x00" in http_request.path:
        raise ApiError("not_found")
    scope = Scope(
        merchant_id=caller.merchant.pk,
        mode=caller.mode,
        method=str(http_request.method),
        path=http_request.path,
        key=_key(http_request),
    )
    return scope, hashlib.sha256(http_request.body).hexdigest()


def _key(request: HttpRequest) -> str:
    given = request.headers.get(HEADER)
    if given is None:
        raise ApiError("idempotency_key_missing")
    key = QUOTED.fullmatch(given)[1] if QUOTED.fullmatch(given) else given  # type: ignore[index]
    if not KEY.fullmatch(key):
        raise ApiError("idempotency_key_invalid")
    return key

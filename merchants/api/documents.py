"""What anybody may read: the API's description, its error codes and the platform's public keys."""

import base64
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from audit import vault
from merchants.api.errors import ApiError, render
from merchants.api.problems import PROBLEMS
from merchants.api.renderers import json_bytes

KEYS_MAX_AGE_SECONDS = 300


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return HttpResponse(_openapi(), content_type="application/json")


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The keys that sign answers, old ones too, as RFC 7517 and RFC 8037 write them."""
    keys = [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": key_id,
            "use": "sig",
            "alg": "EdDSA",
            "x": base64.urlsafe_b64encode(
                key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            )
            .rstrip(b"=")
            .decode(),
        }
        for key_id, key in vault.keyring().signing_keys.items()
    ]
    return HttpResponse(
        json_bytes({"keys": keys}),
        content_type="application/jwk-set+json",
        headers={"Cache-Control": f"public, max-age={KEYS_MAX_AGE_SECONDS}"},
    )


@require_safe
def problems(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Every error code with what to do about it."""
    return HttpResponse(
        json_bytes({"data": [_problem(code) for code in sorted(PROBLEMS)]}),
        content_type="application/json",
    )


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Where the `type` of a problem leads."""
    if code not in PROBLEMS:
        return render(request, ApiError("not_found"))
    return HttpResponse(json_bytes(_problem(code)), content_type="application/json")


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from this server's own files, its script apart because inline scripts are not allowed."""

    url = "/v1/openapi.json"
    title = "Zerosum API"


def _problem(code: str) -> dict[str, Any]:
    status, title, remedy = PROBLEMS[code]
    return {"code": code, "status": status, "title": title, "what_to_do": remedy}


@cache
def _openapi() -> bytes:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json_bytes(schema)

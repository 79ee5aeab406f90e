"""What OpenAPI says of every operation without the view having to: who may ask, how it is refused."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiParameter

from merchants.api.idempotency import HEADER as IDEMPOTENCY_HEADER
from merchants.api.problems import PROBLEMS
from merchants.api.serializers import ListQuery, Query
from merchants.api.versions import HEADER as VERSION_HEADER
from merchants.api.versions import VERSIONS

EVERYWHERE = (
    "request_invalid", "text_invalid", "parameter_unknown", "parameter_repeated",
    "parameter_invalid", "version_unsupported", "https_required", "signature_missing",
    "signature_invalid", "header_duplicate", "timestamp_out_of_window", "nonce_reused",
    "key_unknown", "key_revoked", "algorithm_not_allowed", "merchant_suspended",
    "permission_denied", "not_found", "method_not_allowed", "length_required", "body_too_large",
    "media_type_unsupported", "charset_unsupported", "encoding_unsupported",
    "card_data_not_allowed", "rate_limited", "internal_error", "temporarily_unavailable",
)  # fmt: skip
WHERE_WRITTEN = (
    "json_invalid", "json_duplicate_key", "json_too_deep", "field_missing", "field_unknown",
    "field_invalid", "idempotency_key_missing", "idempotency_key_invalid",
    "idempotency_in_progress", "idempotency_key_reused",
)  # fmt: skip
CODES = "x-problems"
WRITING = {"POST", "PATCH", "PUT", "DELETE"}
SECURITY_SCHEMES = {
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421 HTTP Message Signatures with Signature-Input, label sig1, tag zerosum.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The secret of a test key: sk_test_…",
    },
}
FIELD_ERROR = {
    "type": "object",
    "required": ["field", "code", "detail"],
    "properties": {
        "field": {"type": "string"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}


class ProblemAutoSchema(AutoSchema):
    def get_auth(self) -> list[dict[str, Any]]:
        return [{name: []} for name in SECURITY_SCHEMES] if self._is_merchants() else [{}]

    def get_operation_id(self) -> str:
        operation_id = super().get_operation_id()
        is_list = issubclass(getattr(self.view, "query_class", Query), ListQuery)
        return operation_id.replace("_retrieve", "_list") if is_list else operation_id

    def get_override_parameters(self) -> list[Any]:
        parameters = [
            OpenApiParameter(
                VERSION_HEADER, str, OpenApiParameter.HEADER, enum=VERSIONS, required=False
            )
        ]
        if self.method in WRITING:
            parameters.append(
                OpenApiParameter(
                    IDEMPOTENCY_HEADER,
                    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
                    OpenApiParameter.HEADER,
                    required=True,
                )
            )
        query_class = getattr(self.view, "query_class", None)
        if self.method == "GET" and query_class is not None and query_class().fields:
            parameters.append(query_class)
        return parameters

    def get_extensions(self) -> dict[str, Any]:
        written = WHERE_WRITTEN if self.method in WRITING else ()
        own = getattr(self.view, "problems", ())
        return {CODES: [*EVERYWHERE, *written, *own]} if self._is_merchants() else {}

    def _is_merchants(self) -> bool:
        return bool(self.view.authentication_classes)


class MerchantAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells drf-spectacular that the class is known; `complete` writes the schemes themselves."""

    target_class = "merchants.api.authentication.MerchantAuthentication"
    name = list(SECURITY_SCHEMES)

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return list(SECURITY_SCHEMES.values())


class StrictSerializerScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Says aloud that unknown fields are refused."""

    target_class = "merchants.api.serializers.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        mapped = auto_schema._map_serializer(  # type: ignore[no-untyped-call]  # noqa: SLF001 - how the extension's docs do it
            self.target, direction, bypass_extensions=True
        )
        return {**mapped, "additionalProperties": False}


def complete(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """drf-spectacular's last hook: the problem responses of every operation, by status."""
    components = result.setdefault("components", {})
    components.setdefault("securitySchemes", {}).update(SECURITY_SCHEMES)
    components.setdefault("schemas", {})["Problem"] = _problem()
    for operations in result["paths"].values():
        for operation in operations.values():
            if isinstance(operation, Mapping):
                operation["responses"].update(_responses(operation.get(CODES, [])))
    return result


def _responses(codes: list[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {str(status): _response(by_status[status]) for status in sorted(by_status)}


def _response(codes: list[str]) -> dict[str, Any]:
    lines = [f"- `{code}`: {PROBLEMS[code].title}. {PROBLEMS[code].remedy}" for code in codes]
    return {
        "description": "\n".join(lines),
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def _problem() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "code", "detail", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            # Read when asked, so that the codes of every app's door are in it.
            "code": {"type": "string", "enum": sorted(PROBLEMS)},
            "detail": {"type": "string"},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": FIELD_ERROR},
        },
    }

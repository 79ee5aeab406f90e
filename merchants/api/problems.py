"""Every error code that the API may answer: the one table that answers, docs and OpenAPI read."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Problem(NamedTuple):
    status: int
    title: str
    remedy: str


_PROBLEMS: dict[str, Problem] = {
    # The shape of the request
    "request_invalid": Problem(400, "The request is not understood", "Check the request line and headers."),
    "json_invalid": Problem(400, "The body is not a JSON object", "Send one JSON object in UTF-8, without a byte order mark."),
    "json_duplicate_key": Problem(400, "A JSON key occurs twice", "Send every key once."),
    "json_too_deep": Problem(400, "The JSON is nested too deeply", "Nest at most 32 levels."),
    "text_invalid": Problem(400, "A text holds characters that are not allowed", "Remove control, zero-width and direction characters."),
    "field_missing": Problem(400, "A required field is missing", "Add the field that `errors` names."),
    "field_unknown": Problem(400, "A field is not known, or cannot be set", "Remove the field that `errors` names."),
    "parameter_unknown": Problem(400, "A query parameter is not known", "Remove the parameter that `errors` names."),
    "parameter_repeated": Problem(400, "A query parameter is given twice", "Give every parameter once."),
    "parameter_invalid": Problem(400, "A query parameter has no such value", "Correct the parameter that `errors` names."),
    "idempotency_key_missing": Problem(400, "Idempotency-Key is missing", "Send a fresh Idempotency-Key with every new POST, PATCH or DELETE."),
    "idempotency_key_invalid": Problem(400, "Idempotency-Key is not usable", "Send 1 to 255 visible ASCII characters."),
    "version_unsupported": Problem(400, "There is no such API version", "Send a Zerosum-Version that the docs list, or none."),
    "https_required": Problem(400, "Plain HTTP is not answered", "Use https, and replace a secret that was sent in the clear."),
    # Who asks
    "signature_missing": Problem(401, "The request is not authenticated", "Sign the request, or send a test key as a bearer token."),
    "signature_invalid": Problem(401, "The signature does not hold", "Compare your signature base with the docs, byte for byte."),
    "header_duplicate": Problem(401, "An authentication header has several values", "Send each of these headers once."),
    "timestamp_out_of_window": Problem(401, "The signature is too old or too new", "Set your clock, and sign just before sending."),
    "nonce_reused": Problem(401, "The nonce was used before", "Use a fresh nonce, and sign again when you send again."),
    "key_unknown": Problem(401, "There is no such key", "Check the key id or the secret."),
    "key_revoked": Problem(401, "The key was revoked", "Use another key."),
    "algorithm_not_allowed": Problem(401, "The algorithm is not the key's", "Sign with the algorithm that the key was registered with."),
    "merchant_suspended": Problem(403, "The merchant is suspended", "Write to support."),
    "merchant_mismatch": Problem(403, "The request names another merchant", "Use a key of the merchant that the request names."),
    "permission_denied": Problem(403, "The key may not do this", "Use a key that may."),
    # What is asked
    "not_found": Problem(404, "There is no such resource", "Check the id, the mode of the key and the address."),
    "method_not_allowed": Problem(405, "The resource does not know this method", "Use a method that Allow lists."),
    "idempotency_in_progress": Problem(409, "The first request with this key is still at work", "Send the same request again after Retry-After."),
    "length_required": Problem(411, "The length of the body is not given", "Send Content-Length; do not send the body in chunks."),
    "body_too_large": Problem(413, "The body is too large", "Send at most 64 KiB."),
    "media_type_unsupported": Problem(415, "The body is not JSON", "Send Content-Type: application/json."),
    "charset_unsupported": Problem(415, "The charset is not UTF-8", "Encode the body in UTF-8."),
    "encoding_unsupported": Problem(415, "The body is compressed", "Send the body without Content-Encoding."),
    "idempotency_key_reused": Problem(422, "The Idempotency-Key came with another body before", "Use a fresh key for a new request."),
    "field_invalid": Problem(422, "A field has no such value", "Correct the field that `errors` names."),
    "amount_invalid": Problem(422, "The amount is not a positive whole number of minor units", "Send a JSON integer from 1 to 10^12, without fraction or exponent."),
    "currency_unsupported": Problem(422, "The currency is not supported", "Send an ISO 4217 code in upper case."),
    "card_data_not_allowed": Problem(422, "Card data was sent", "Never send card numbers or security codes; use tokens."),
    "webhook_url_forbidden": Problem(422, "The address may not be called", "Use https, a public host and port 443 or 8443."),
    "event_type_unknown": Problem(422, "There is no such event type", "Use the names that the docs list."),
    "endpoint_limit_reached": Problem(422, "There are too many endpoints", "Delete an endpoint first."),
    # How much, and what failed
    "rate_limited": Problem(429, "Too many requests", "Wait for Retry-After."),
    "internal_error": Problem(500, "Something failed on our side", "Send the same request with the same Idempotency-Key again; tell support the request_id."),
    "temporarily_unavailable": Problem(503, "The platform cannot answer right now", "Send the same request with the same Idempotency-Key again after Retry-After."),
}  # fmt: skip

PROBLEMS: Mapping[str, Problem] = MappingProxyType(_PROBLEMS)


class CodeTaken(Exception):
    """Two doors mean different things by the same code."""


def define(problems: Mapping[str, Problem]) -> None:
    """Adds the codes of another app's door; called once where that door's module is imported."""
    for code, problem in problems.items():
        if _PROBLEMS.setdefault(code, problem) != problem:
            raise CodeTaken(code)

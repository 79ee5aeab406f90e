"""One strict reading of a body: what two parsers could read differently is refused."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from merchants.api import texts
from merchants.api.errors import ApiError, FieldError

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_INTEGER_CHARACTERS = 20  # a sign and the digits of 2^63; amounts have their own limit
TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
OPENING = b"[{"


class StrictJSONParser(BaseParser):
    """What the REST framework calls; media type and size were judged before (api/transport.py)."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return parse(stream.read())


def parse(raw: bytes) -> dict[str, Any]:
    """The object in the body; an empty body is an empty object. Raises ApiError."""
    if not raw:
        return {}
    _check_depth(raw)
    try:
        data = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise ApiError("json_invalid", "The body is not UTF-8.") from error
    except ValueError as error:
        raise ApiError("json_invalid") from error
    if not isinstance(data, dict):
        raise ApiError("json_invalid", "The body must be a JSON object.")
    _check_texts(data)
    return data


def _check_depth(raw: bytes) -> None:
    """Counted before parsing: Python's parser recurses, and a deep body would end in a 500."""
    depth = 0
    for token in TOKENS.finditer(raw):
        first = token.group()[:1]
        if first == b'"':
            continue
        depth += 1 if first in OPENING else -1
        if depth > MAX_DEPTH:
            raise ApiError("json_too_deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ApiError("json_duplicate_key")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_CHARACTERS:
        raise ApiError("json_invalid", "A number is too large.")
    return int(digits)


def _float(text: str) -> float:
    """Stays a float, so that an amount of 1.0 or 1e3 is still told apart from 1 and refused."""
    value = float(text)
    if not math.isfinite(value):
        raise ApiError("json_invalid", "A number is too large.")
    return value


def _constant(name: str) -> None:
    raise ApiError("json_invalid", f"{name} is not JSON.")


def _check_texts(data: dict[str, Any]) -> None:
    """Wherever they stand, keys included. Details never repeat what was sent."""
    for path, text, is_name in _texts(data, ""):
        if not texts.is_clean(text):
            raise _refused("text_invalid", path)
        if texts.is_card_data(text) or (is_name and texts.is_sensitive_name(text)):
            raise _refused("card_data_not_allowed", path)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str, bool]]:
    """Every text below the value with the path of the object around it, and whether it is a key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield path, name, True
            yield from _texts(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
    elif isinstance(value, str):
        yield path, value, False
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, str(value), False


def _refused(code: str, path: str) -> ApiError:
    error = ApiError(code)
    return ApiError(code, errors=[FieldError(path, code, str(error.detail))])

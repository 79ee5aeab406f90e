"""Bodies that every writing endpoint must refuse, whatever it is for (reliability.md, 4.1 to 4.3, 4.9).

Import `BAD_BODIES`, `bad_amounts` and `refused` into the tests of an endpoint; `valid` is a body that
the endpoint would take.
"""

# ruff: noqa: RUF001 - characters that look like others are what is tested

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection

from merchants.api.problems import PROBLEMS

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
CARD = "4111111111111111"


@dataclass(frozen=True)
class BadBody:
    """How to spoil a valid body, and what the answer must then say."""

    name: str
    spoil: Callable[[dict[str, Any]], bytes]
    code: str
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def sent_headers(self) -> dict[str, str]:
        return {"Content-Type": self.content_type, **self.headers}


def plain(valid: dict[str, Any]) -> bytes:
    return json.dumps(valid, ensure_ascii=False).encode()


def adding(key: str, value: Any) -> Callable[[dict[str, Any]], bytes]:
    return lambda valid: json.dumps({**valid, key: value}).encode()


def adding_raw(member: bytes) -> Callable[[dict[str, Any]], bytes]:
    """Adds a member as text, for what json.dumps would never write."""
    return lambda valid: plain(valid)[:-1] + (b", " if valid else b"") + member + b"}"


def duplicated(valid: dict[str, Any]) -> bytes:
    return b'{"again": 1, "again": 2}' if not valid else _twice_first(valid)


def _twice_first(valid: dict[str, Any]) -> bytes:
    first = next(iter(valid))
    return plain(valid)[:-1] + b"," + plain({first: valid[first]})[1:]


def nested(depth: int) -> bytes:
    return b'"deep": ' + b'{"a":' * depth + b"1" + b"}" * depth


BAD_BODIES = [
    BadBody("no JSON", lambda _: b"amount=1", "json_invalid"),
    BadBody("JSON cut short", lambda valid: plain(valid)[:-1], "json_invalid"),
    BadBody("garbage after the object", lambda valid: plain(valid) + b" x", "json_invalid"),
    BadBody("two objects", lambda valid: plain(valid) * 2, "json_invalid"),
    BadBody("a list", lambda valid: b"[" + plain(valid) + b"]", "json_invalid"),
    BadBody("a string", lambda _: b'"x"', "json_invalid"),
    BadBody("a number", lambda _: b"1", "json_invalid"),
    BadBody("null", lambda _: b"null", "json_invalid"),
    BadBody("only spaces", lambda _: b"   ", "json_invalid"),
    BadBody("single quotes", lambda _: b"{'a': 1}", "json_invalid"),
    BadBody("NaN", adding_raw(b'"x": NaN'), "json_invalid"),
    BadBody("Infinity", adding_raw(b'"x": -Infinity'), "json_invalid"),
    BadBody("a float beyond all floats", adding_raw(b'"x": 1e400'), "json_invalid"),
    BadBody("5,000 digits", adding_raw(b'"x": ' + b"1" * 5000), "json_invalid"),
    BadBody("a leading zero", adding_raw(b'"x": 01'), "json_invalid"),
    BadBody("a leading plus", adding_raw(b'"x": +1'), "json_invalid"),
    BadBody("full-width digits", adding_raw('"x": １'.encode()), "json_invalid"),
    BadBody("a byte order mark", lambda valid: b"\xef\xbb\xbf" + plain(valid), "json_invalid"),
    BadBody("bytes that are no UTF-8", adding_raw(b'"x": "\xff"'), "json_invalid"),
    BadBody("an overlong encoding", adding_raw(b'"x": "\xc0\xaf"'), "json_invalid"),
    BadBody("UTF-16", lambda valid: plain(valid).decode().encode("utf-16"), "json_invalid"),
    BadBody("a raw newline in a text", adding_raw(b'"x": "a\nb"'), "json_invalid"),
    BadBody("a raw NUL in a text", adding_raw(b'"x": "a\x00b"'), "json_invalid"),
    BadBody("a key given twice", duplicated, "json_duplicate_key"),
    BadBody("a nested key given twice", adding_raw(b'"x": {"a":1,"a":2}'), "json_duplicate_key"),
    BadBody("a key given twice, once escaped", adding_raw(b'"x": {"a":1,"\\u0061":2}'), "json_duplicate_key"),
    BadBody("33 levels", adding_raw(nested(33)), "json_too_deep"),
    BadBody("900 levels", adding_raw(nested(900)), "json_too_deep"),
    BadBody("10,000 levels of lists", lambda _: b"[" * 10_000 + b"]" * 10_000, "json_too_deep"),
    BadBody("30,000 brackets without end", lambda _: b"[" * 30_000, "json_too_deep"),
    BadBody("NUL", adding("x", "a\x00b"), "text_invalid"),
    BadBody("NUL in a key", adding("a\x00b", "x"), "text_invalid"),
    BadBody("NUL deep inside", adding("x", {"y": [{"z": "\x00"}]}), "text_invalid"),
    BadBody("a lone surrogate", adding_raw(b'"x": "\\ud800"'), "text_invalid"),
    BadBody("a lone surrogate in a key", adding_raw(b'"\\udfff": 1'), "text_invalid"),
    BadBody("text turned right to left", adding("x", "abc\u202egpj.exe"), "text_invalid"),
    BadBody("an isolate", adding("x", "a\u2066b"), "text_invalid"),
    BadBody("a zero-width space", adding("x", "a\u200bb"), "text_invalid"),
    BadBody("a zero-width joiner in a key", adding("a\u200db", "x"), "text_invalid"),
    BadBody("a byte order mark inside", adding("x", "a\ufeffb"), "text_invalid"),
    BadBody("a line break", adding("x", "a\r\nb"), "text_invalid"),
    BadBody("a line separator", adding("x", "a\u2028b"), "text_invalid"),
    BadBody("an escape", adding("x", "\x1b[31m"), "text_invalid"),
    BadBody("a C1 control", adding("x", "a\x9bb"), "text_invalid"),
    BadBody("a tag character", adding("x", "a\U000e0041b"), "text_invalid"),
    BadBody("a noncharacter", adding("x", "a\uffffb"), "text_invalid"),
    BadBody("a card number", adding("x", CARD), "card_data_not_allowed"),
    BadBody("a card number with spaces", adding("x", "pay 4111 1111 1111 1111 now"), "card_data_not_allowed"),
    BadBody("a card number with dashes", adding("x", "4111-1111-1111-1111"), "card_data_not_allowed"),
    BadBody("a card number in full-width digits", adding("x", "４１１１１１１１１１１１１１１１"), "card_data_not_allowed"),
    BadBody("a card number as a key", adding(CARD, "x"), "card_data_not_allowed"),
    BadBody("a card number as a number", adding("x", int(CARD)), "card_data_not_allowed"),
    BadBody("a card number deep inside", adding("x", {"y": [{"z": CARD}]}), "card_data_not_allowed"),
    BadBody("a security code by name", adding("cvv", "123"), "card_data_not_allowed"),
    BadBody("a security code in other letters", adding("Card-CVC2", "123"), "card_data_not_allowed"),
    BadBody("a track", adding("x", {"track2": "abc"}), "card_data_not_allowed"),
    BadBody("an unknown field", adding("unheard_of", 1), "field_unknown"),
    BadBody("the object's own id", adding("id", "x"), "field_unknown"),
    BadBody("the object's kind", adding("object", "x"), "field_unknown"),
    BadBody("a state", adding("state", "succeeded"), "field_unknown"),
    BadBody("a merchant", adding("merchant_id", "mch_1"), "field_unknown"),
    BadBody("a mode", adding("mode", "live"), "field_unknown"),
    BadBody("a date of birth", adding("created_at", "2026-01-01"), "field_unknown"),
    BadBody("__proto__", adding("__proto__", {}), "field_unknown"),
    BadBody("an empty key", adding("", 1), "field_unknown"),
    BadBody("a form", lambda _: b"amount=1", "media_type_unsupported", FORM),
    BadBody("JSON called a form", plain, "media_type_unsupported", FORM),
    BadBody("multipart", plain, "media_type_unsupported", "multipart/form-data; boundary=x"),
    BadBody("JSON called text", plain, "media_type_unsupported", "text/plain"),
    BadBody("JSON called XML", plain, "media_type_unsupported", "application/xml"),
    BadBody("something like JSON", plain, "media_type_unsupported", "application/merge-patch+json"),
    BadBody("two types", plain, "media_type_unsupported", f"{JSON}, {FORM}"),
    BadBody("UTF-7", plain, "charset_unsupported", f"{JSON}; charset=utf-7"),
    BadBody("UTF-16 by name", plain, "charset_unsupported", f"{JSON}; charset=utf-16"),
    BadBody("Latin-1", plain, "charset_unsupported", f"{JSON}; charset=iso-8859-1"),
    BadBody("an unheard-of charset", plain, "charset_unsupported", f"{JSON}; charset=bogus"),
    BadBody("an empty charset", plain, "charset_unsupported", f"{JSON}; charset="),
    BadBody("gzip", lambda valid: gzip.compress(plain(valid)), "encoding_unsupported", headers={"Content-Encoding": "gzip"}),
    BadBody("64 KiB and a byte", lambda valid: plain(valid) + b" " * (65_537 - len(plain(valid))), "body_too_large"),
    BadBody("3 MB", lambda valid: plain(valid) + b" " * 3_000_000, "body_too_large"),
]  # fmt: skip

# As JSON text: json.dumps would tidy up what makes them bad.
BAD_AMOUNTS = [
    ("negative", b"-1"),
    ("zero", b"0"),
    ("minus zero", b"-0"),
    ("a float", b"0.1"),
    ("a float that is whole", b"1.0"),
    ("an exponent", b"1e3"),
    ("a capital exponent", b"1E2"),
    ("a text", b'"100"'),
    ("a text with a sign", b'"+5"'),
    ("a text with spaces", b'" 5 "'),
    ("a text with an underscore", b'"1_000"'),
    ("a text with an exponent", b'"1e3"'),
    ("a text in full-width digits", '"１２３"'.encode()),
    ("a text in Arabic digits", '"٣"'.encode()),
    ("an empty text", b'""'),
    ("true", b"true"),
    ("null", b"null"),
    ("a list", b"[1]"),
    ("an object", b'{"value":1}'),
    ("more than the limit", b"1000000000001"),
    ("2^63", b"9223372036854775808"),
]
BAD_CURRENCIES = [
    "usd",
    "Usd",
    "XXX",
    "XTS",
    "BTC",
    "DEM",
    "US",
    "USDX",
    "",
    " USD",
    "ＵＳＤ",
    "156",
]


def bad_amounts(valid: dict[str, Any], name: str = "amount") -> list[tuple[str, bytes]]:
    """The body with every bad amount in the place of its good one: (what is bad, body)."""
    rest = {key: value for key, value in valid.items() if key != name}
    return [
        (label, adding_raw(b'"%s": %s' % (name.encode(), amount))(rest))
        for label, amount in BAD_AMOUNTS
    ]


def refused(response, code: str) -> None:
    """Signed problem+json with this code, and nothing about what was sent."""
    assert response.status_code == PROBLEMS[code].status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert "Signature" in response
    problem = response.json()
    assert problem["code"] == code
    assert problem["status"] == response.status_code
    assert problem["request_id"].startswith("req_")
    assert CARD not in response.content.decode()


def rows() -> dict[str, int]:
    """How many rows every table of ours holds, but for what records refusals and counts nonces."""
    kept_apart = {"merchants.SeenNonce", "audit.Record"}
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label in {"merchants", "payments", "ledger", "auditlog"}
        and model._meta.label not in kept_apart
    ]
    counts = ", ".join(
        f"(SELECT count(*) FROM {table})"  # noqa: S608 - names of our own tables
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return dict(zip(tables, cursor.fetchone(), strict=True))

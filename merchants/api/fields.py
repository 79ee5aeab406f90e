"""Serializer fields that take exactly one spelling of a value."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from ledger.money import DIGITS, MAX_MINOR
from merchants.api import texts

MAX_AMOUNT = 10**12
MAX_METADATA_KEYS = 50
MAX_METADATA_KEY_LENGTH = 40
MAX_METADATA_VALUE_LENGTH = 500
PUBLIC_ID = re.compile(r"[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class AmountField(serializers.IntegerField):
    """A JSON integer of minor units. 1.0, 1e3, "1", true and null are no amounts."""

    default_error_messages = {
        "amount_invalid": "A JSON integer of minor units from 1 to 10^12 is needed.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_AMOUNT, **kwargs)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None and not self.allow_null:
            self.fail("amount_invalid")
        return super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int or not 1 <= data <= MAX_AMOUNT:
            self.fail("amount_invalid")
        return data


class WholeNumberField(serializers.IntegerField):
    """A JSON integer that the database can hold; no other spelling of a number."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int or abs(data) > MAX_MINOR:
            self.fail("invalid")
        return data


class FlagField(serializers.BooleanField):
    """true or false; not "true", not 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input="the value")
        return data


class TextField(serializers.CharField):
    """A JSON string, kept as it was sent. What may not stand in it is refused for every string of a
    body at once (api/parsers.py); here it is checked again for strings that come another way."""

    default_error_messages = {
        "text_invalid": "The text holds characters that are not allowed.",
    }

    def __init__(self, **kwargs: Any) -> None:
        if "max_length" not in kwargs:
            raise ImproperlyConfigured("a TextField without max_length takes anything")
        if not kwargs.get("allow_blank"):
            kwargs.setdefault("min_length", 1)
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not texts.is_clean(data):
            self.fail("text_invalid")
        if not self.allow_blank and not data.strip():
            self.fail("blank")
        return data


class CurrencyField(serializers.CharField):
    default_error_messages = {
        "currency_unsupported": "An ISO 4217 code in upper case is needed.",
    }

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None and not self.allow_null:
            self.fail("currency_unsupported")
        return super().validate_empty_values(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data == "":
            self.fail("currency_unsupported")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in DIGITS:
            self.fail("currency_unsupported")
        return data


class MetadataField(serializers.DictField):
    """The merchant's own notes: a flat object of texts."""

    child = serializers.CharField()
    default_error_messages = {
        "flat": "A flat object of at most {count} texts is needed: keys of 1 to {name} characters, "
        "values of at most {value}.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, Mapping) or not self._fits(data):
            self.fail(
                "flat",
                count=MAX_METADATA_KEYS,
                name=MAX_METADATA_KEY_LENGTH,
                value=MAX_METADATA_VALUE_LENGTH,
            )
        return dict(data)

    def _fits(self, data: Mapping[str, Any]) -> bool:
        return len(data) <= MAX_METADATA_KEYS and all(
            1 <= len(key) <= MAX_METADATA_KEY_LENGTH
            and isinstance(value, str)
            and len(value) <= MAX_METADATA_VALUE_LENGTH
            for key, value in data.items()
        )


class PublicIdField(serializers.CharField):
    """An id of the kind that `prefix` names; whether it exists is another question."""

    def __init__(self, *, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not is_public_id(data, self.prefix):
            self.fail("invalid")
        return data


class QueryNumberField(serializers.IntegerField):
    """A number in a query string: ASCII digits only."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not NUMBER.fullmatch(data):
            self.fail("invalid")
        return int(data)


class QueryTimeField(serializers.DateTimeField):
    """RFC 3339 with an offset; without one nobody knows when that is."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        # In between PostgreSQL reads every offset, and no conversion to UTC leaves the calendar.
        if moment is None or moment.tzinfo is None or not 1000 <= moment.year <= 9000:
            self.fail("invalid", format="2026-11-20T12:00:00Z")
        return moment.astimezone(UTC)


class TimeField(serializers.DateTimeField):
    """How every answer writes a moment: UTC, with microseconds."""

    def to_representation(self, value: Any) -> str:
        moment: datetime = value
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def is_public_id(text: str, prefix: str) -> bool:
    return text.startswith(f"{prefix}_") and bool(PUBLIC_ID.fullmatch(text))

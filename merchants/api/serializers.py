"""The parent of every input: what it does not know, it refuses."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from merchants.api.errors import ApiError, FieldError
from merchants.api.fields import QueryNumberField


class StrictSerializer(serializers.Serializer[Any]):
    """Unknown and read-only fields are 400 `field_unknown`, not silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {field.field_name for field in self._writable_fields}
            unknown = [name for name in data if name not in known]
            if unknown:
                detail = serializers.ErrorDetail("The field is not known here.", "field_unknown")
                raise serializers.ValidationError({name: [detail] for name in unknown})
        return super().to_internal_value(data)


class Query(StrictSerializer):
    """The parent of every query string."""


class ListQuery(Query):
    limit = QueryNumberField(min_value=1, max_value=100, default=20)


def read_query(serializer: type[Query], query: QueryDict) -> dict[str, Any]:
    """The parameters, each once. Raises ApiError."""
    repeated = [name for name, values in query.lists() if len(values) > 1]
    if repeated:
        raise ApiError("parameter_repeated")
    reading = serializer(data=query.dict())
    if not reading.is_valid():
        raise _refused(reading.errors)
    return dict(reading.validated_data)


def described_as(
    name: str, fields: Mapping[str, serializers.Field[Any, Any, Any, Any]]
) -> type[serializers.Serializer[Any]]:
    """A serializer for OpenAPI whose fields may have names that the framework uses itself."""
    return type(name, (serializers.Serializer,), dict(fields))


def _refused(errors: Mapping[str, list[Any]]) -> ApiError:
    found = [
        FieldError(name, _code(detail.code), str(detail))
        for name, details in errors.items()
        for detail in details
    ]
    return ApiError(found[0].code, errors=found)


def _code(code: str) -> str:
    return "parameter_unknown" if code == "field_unknown" else "parameter_invalid"

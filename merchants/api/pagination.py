"""Pages by the last id that was seen, so that rows which arrive meanwhile shift nothing."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from merchants.api.fields import PublicIdField
from merchants.api.serializers import ListQuery

M = TypeVar("M", bound=Model)


def newest_first(prefix: str, base: type[ListQuery] = ListQuery) -> type[ListQuery]:
    """The query of a list by public id: `limit`, and `after` as an id of that kind."""
    return type(
        f"{prefix.title()}ListQuery",
        (base,),
        {"after": PublicIdField(prefix=prefix, required=False)},
    )


def page(
    rows: QuerySet[M],
    *,
    query: Mapping[str, Any],
    describe: Callable[[M], Any],
    key: str = "public_id",
    ascending: bool = False,
) -> dict[str, Any]:
    """The contract's list: newest first, or by rising key; one row more is read to know of more."""
    after, limit = query.get("after"), query["limit"]
    if after is not None:
        rows = rows.filter(**{f"{key}__{'gt' if ascending else 'lt'}": after})
    found = list(rows.order_by(key if ascending else f"-{key}")[: limit + 1])
    shown = found[:limit]
    has_more = len(found) > limit
    return {
        "data": [describe(row) for row in shown],
        "has_more": has_more,
        "next_after": getattr(shown[-1], key) if has_more else None,
    }


def paged(serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The contract's list of such objects, for OpenAPI."""
    return inline_serializer(
        f"{serializer.__name__.removesuffix('Out')}List",
        {
            "data": serializer(many=True),
            "has_more": serializers.BooleanField(),
            "next_after": serializers.CharField(allow_null=True),
        },
    )

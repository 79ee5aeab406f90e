"""JSON as bytes that are the same every time."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


def json_bytes(data: object) -> bytes:
    """Compact UTF-8 in the order given; no NaN."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else json_bytes(data)

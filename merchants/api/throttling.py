"""So many requests a minute per merchant and mode, counted together by all processes."""

import logging
import math
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from merchants.api.authentication import Caller
from merchants.api.errors import ApiError

if TYPE_CHECKING:
    # Importing it for real would be a circle: the framework reads its settings while it loads.
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60
# How long a cache that failed is left alone: each try costs a request its timeout.
CACHE_REST_SECONDS = 5.0
CACHE_TIMEOUT_SECONDS = 0.25

_local = MemoryStorage()
_cache_rests_until = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    limit: int
    used: int
    reset_seconds: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class MerchantThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: "APIView") -> bool:
        caller = request.auth
        if not isinstance(caller, Caller):
            return True
        budget = spend(f"{caller.merchant.public_id}:{caller.mode}")
        request._request.rate_budget = budget  # type: ignore[attr-defined]  # noqa: SLF001 - read back by add_headers
        if budget.used > budget.limit:
            raise ApiError("rate_limited", headers={"Retry-After": str(budget.reset_seconds)})
        return True


def spend(who: str) -> Budget:
    """Counts one request. Without the cache each process counts for itself: looser, never absent."""
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    key = f"zerosum:requests:{who}:{window}"
    return Budget(
        limit=settings.API_REQUESTS_PER_MINUTE,
        used=_count(key),
        reset_seconds=math.ceil((window + 1) * WINDOW_SECONDS - now) or 1,
    )


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """draft-ietf-httpapi-ratelimit-headers: the policy and what is left of it."""
    budget: Budget | None = getattr(request, "rate_budget", None)
    if budget is not None:
        response["RateLimit-Policy"] = f'"merchant";q={budget.limit};w={WINDOW_SECONDS}'
        response["RateLimit"] = f'"merchant";r={budget.remaining};t={budget.reset_seconds}'


def forget() -> None:
    """Starts counting anew in this process; the cache keeps what it has."""
    global _cache_rests_until  # noqa: PLW0603 - one breaker per process
    _cache_rests_until = 0.0
    _local.reset()


def _count(key: str) -> int:
    global _cache_rests_until  # noqa: PLW0603 - one breaker per process
    shared = _shared(settings.CACHE_URL)
    if shared is not None and time.monotonic() >= _cache_rests_until:
        try:
            return shared.incr(key, WINDOW_SECONDS)
        except StorageError as error:
            _cache_rests_until = time.monotonic() + CACHE_REST_SECONDS
            logger.warning("rate limits are counted per process: %s", error)
    return _local.incr(key, WINDOW_SECONDS)


@cache
def _shared(location: str) -> Storage | None:
    if not location:
        return None
    uri = (
        location.replace("unix://", "redis+unix://", 1) if location.startswith("unix") else location
    )
    storage = storage_from_string(
        uri,
        wrap_exceptions=True,
        socket_timeout=CACHE_TIMEOUT_SECONDS,
        socket_connect_timeout=CACHE_TIMEOUT_SECONDS,
    )
    return cast("Storage", storage)

"""Whose request is it: an RFC 9421 signature, or a test key as a bearer token."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from audit.actor import Actor, ActorKind
from merchants.api import refusals, signatures, versions
from merchants.api.errors import ApiError, request_id
from merchants.models import ApiKey, Merchant
from merchants.services import api_keys
from merchants.states import MerchantStatus

BEARER = re.compile(r"Bearer (sk_test_[A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: what views find in `request.auth`."""

    key: ApiKey
    actor: Actor
    version: str

    @property
    def merchant(self) -> Merchant:
        return self.key.merchant

    @property
    def mode(self) -> str:
        return self.key.mode


class MerchantAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller]:
        http_request = request._request  # noqa: SLF001 - no public way to the HttpRequest
        now = timezone.now()
        version = versions.asked_for(http_request)
        try:
            key = _active_key(http_request, now=now)
        except ApiError as refusal:
            refusals.record(http_request, refusal, now=now)
            raise
        actor = Actor(
            kind=ActorKind.MERCHANT,
            id=key.public_id,
            request_id=request_id(http_request),
            ip=http_request.META.get("REMOTE_ADDR", ""),
        )
        caller = Caller(key=key, actor=actor, version=version or key.api_version)
        # A merchant is no Django user: operators' pages must never take one for one.
        return AnonymousUser(), caller


def _active_key(request: HttpRequest, *, now: datetime) -> ApiKey:
    key = _key(request, now=now)
    if key.merchant.status != MerchantStatus.ACTIVE:
        raise ApiError("merchant_suspended")
    return key


def _key(request: HttpRequest, *, now: datetime) -> ApiKey:
    bearer = request.headers.get("authorization")
    if signatures.is_signed(request):
        if bearer is not None:
            raise ApiError("signature_invalid", "Send a signature or a bearer token, not both.")
        return signatures.signer(request, now=now)
    if bearer is None:
        raise ApiError("signature_missing")
    return _bearer(bearer)


def _bearer(header: str) -> ApiKey:
    if "," in header:
        raise ApiError("header_duplicate")
    match = BEARER.fullmatch(header)
    if match is None:
        raise ApiError("key_unknown")
    key = (
        ApiKey.objects.select_related("merchant")
        .filter(secret_hash=api_keys.hash_of(match[1]))
        .first()
    )
    if key is None:
        raise ApiError("key_unknown")
    if key.revoked_at:
        raise ApiError("key_revoked")
    return key

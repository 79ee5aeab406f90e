"""Who may stay signed in, and for how long: an idle limit, an absolute one, and a second factor before
anything else is seen."""

import time
from collections.abc import Callable

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

SIGNED_IN_AT = "operator_signed_in_at"
SEEN_AT = "operator_seen_at"
# The session row is not written for every click.
SEEN_GRAIN_SECONDS = 30
# What an operator without a second factor may open: the way to one, and the way out.
WITHOUT_SECOND_FACTOR = frozenset(
    {
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_authenticate",
        "mfa_reauthenticate",
    }
)


class OperatorSession:
    """Stands after the middlewares that know the user and the session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and _is_over(request, now=time.time()):
            logout(request)
            messages.info(request, "You were signed out because this session had ended.")
            return redirect_to_login(request.get_full_path())
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, _kwargs: object
    ) -> HttpResponse | None:
        match = request.resolver_match
        if not request.user.is_authenticated or match is None:
            return None
        if match.url_name in WITHOUT_SECOND_FACTOR or passed_second_factor(request):
            return None
        if _has_second_factor(request):
            # Signed in before the second factor was set up elsewhere: the password alone is not enough.
            logout(request)
            return redirect_to_login(request.get_full_path())
        return redirect("mfa_activate_totp")


def passed_second_factor(request: HttpRequest) -> bool:
    """In this session, and with a factor that still counts."""
    used = any(r["method"] == "mfa" for r in get_authentication_records(request, request.user))
    return used and _has_second_factor(request)


def _has_second_factor(request: HttpRequest) -> bool:
    return bool(
        Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists()
    )


def _is_over(request: HttpRequest, *, now: float) -> bool:
    session = request.session
    signed_in_at = session.setdefault(SIGNED_IN_AT, now)
    seen_at = session.setdefault(SEEN_AT, now)
    if now - seen_at > settings.OPERATOR_IDLE_SECONDS:
        return True
    if now - signed_in_at > settings.OPERATOR_SESSION_SECONDS:
        return True
    if now - seen_at > SEEN_GRAIN_SECONDS:
        session[SEEN_AT] = now
    return False

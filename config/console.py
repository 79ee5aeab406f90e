"""The operators' console: who may sign in, with what proof, and the site that all pages hang on."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from audit import vault

# Within this time of a sign-in nobody is asked for the password again.
JUST_SIGNED_IN_SECONDS = 300
FACTOR_CONTEXT = "mfa_authenticator.data"


class OperatorAccounts(DefaultAccountAdapter):
    """Operators are created by administrators, never by signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def is_reauthentication_required(self, *, app: str, **_kwargs: Any) -> bool:  # noqa: ARG002
        records = get_authentication_records(context.request, context.request.user)
        return not any(time.time() - r["at"] < JUST_SIGNED_IN_SECONDS for r in records)


class OperatorFactors(DefaultMFAAdapter):
    """Second factors are sealed at rest, and nobody takes off their own."""

    def encrypt(self, text: str) -> str:
        return vault.seal(text.encode(), context=FACTOR_CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        return vault.open_sealed(encrypted_text, context=FACTOR_CONTEXT).decode()

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return bool(authenticator.type != Authenticator.Type.TOTP)


class SecondFactorForm(ActivateTOTPForm):
    """Whoever sets up a second factor has proved that they hold it: for this session that counts."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        record_authentication(context.request, self.user, "mfa", type=Authenticator.Type.TOTP)
        return code


class OperatorSite(UnfoldAdminSite):
    """Django's admin behind allauth's door."""

    index_title = "Today"
    index_template = "admin/dashboard.html"

    def login(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        if request.user.is_authenticated:
            raise PermissionDenied("signed in, but not as an operator")
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def logout(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        logout(request)
        return redirect("account_login")

    def password_change(
        self,
        request: HttpRequest,  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        return redirect("account_change_password")

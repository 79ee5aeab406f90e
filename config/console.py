"""The operators' console: who may sign in, with what proof, and the site that all pages hang on."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.contrib.auth import REDIRECT_FIELD_NAME, get_user_model, logout
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.sites import UnfoldAdminSite

from audit import vault
from audit.actor import Actor, ActorKind
from audit.services import records

# Within this time of a sign-in nobody is asked for the password again.
JUST_SIGNED_IN_SECONDS = 300
FACTOR_CONTEXT = "mfa_authenticator.data"


class OperatorAccounts(DefaultAccountAdapter):
    """Operators are created by administrators, never by signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        _record("operator.signed_in", user, request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        # A name that nobody has may be a password that was typed into the wrong field.
        known = get_user_model().objects.filter(username=credentials.get("username")).first()
        _record("operator.sign_in_failed", known, request)

    def is_reauthentication_required(self, *, app: str, **_kwargs: Any) -> bool:  # noqa: ARG002
        proofs = get_authentication_records(context.request, context.request.user)
        return not any(time.time() - proof["at"] < JUST_SIGNED_IN_SECONDS for proof in proofs)


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


class CodeForm(AuthenticateForm):
    """A wrong code after the right password is worth knowing of."""

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()
        except ValidationError:
            _record("operator.code_refused", self.user, context.request)
            raise
        return code


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


def _record(action: str, operator: Any, request: HttpRequest) -> None:
    public_id = operator.public_id if operator else ""
    records.write(
        action=action,
        by=Actor(
            kind=ActorKind.OPERATOR,
            id=public_id or "unknown",
            ip=get_adapter().get_client_ip(request),
        ),
        now=timezone.now(),  # noqa: TID251 - a door
        target=public_id,
    )

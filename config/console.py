"""The operators' console: who may sign in, how the pages are ordered, what the dashboard shows."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class OperatorAccounts(DefaultAccountAdapter):
    """Operators are created by administrators, never by signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

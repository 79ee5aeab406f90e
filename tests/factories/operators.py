"""Operators, with the roles that config/roles.py gives them, signed in as production would have it."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from audit.models import Operator

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def operator(username="mei", *, roles=(), superuser=False, second_factor=True) -> Operator:
    if roles:
        call_command("sync_roles", verbosity=0, stdout=_Silence())
    made = Operator.objects.create_user(
        username=username, password=PASSWORD, is_staff=True, is_superuser=superuser
    )
    made.groups.set(Group.objects.filter(name__in=roles))
    if second_factor:
        give_second_factor(made)
    return made


def give_second_factor(to: Operator) -> None:
    auth.TOTP.activate(to, SECRET)
    RecoveryCodes.activate(to)


def code(secret=SECRET):
    """What an authenticator app shows now."""
    counter = next(iter(auth.yield_hotp_counters_from_time()))
    return auth.format_hotp_value(auth.hotp_value(secret, counter))


def recovery_codes(of):
    kept = Authenticator.objects.get(user=of, type=Authenticator.Type.RECOVERY_CODES)
    return kept.wrap().get_unused_codes()


def signed_in(as_: Operator) -> Client:
    """A browser that went through both doors, without going through them each time."""
    client = Client()
    client.force_login(as_, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "username": as_.username},
        {"method": "mfa", "at": time.time(), "type": "totp"},
    ]
    session["account_authentication_methods_user"] = str(as_.pk)
    session.save()
    return client


class _Silence:
    def write(self, text):
        pass

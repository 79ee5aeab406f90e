"""Brings merchants, keys, terms, addresses, the channel account and the operators into being, once.

Run again it changes nothing that is as it should be, and mends what is not: a lost secrets file, a
database that was emptied, another port.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

import payments.services.channel_accounts
from audit.actor import Actor, ActorKind
from config.demo import signing
from config.demo.cast import (
    CHANNEL,
    CHANNEL_FEE_BPS,
    CHANNEL_TIMEOUT_SECONDS,
    CHANNEL_TITLE,
    MODE,
    PEOPLE,
    SHOPS,
    Person,
    Shop,
)
from config.demo.safe import PersonSafe, Safe, ShopSafe
from merchants import selectors
from merchants.fees import Terms
from merchants.services import api_keys, onboarding, webhooks
from merchants.states import Algorithm, Mode
from payments.channels.sandbox.control import Control
from payments.drafts import ChannelAccountDraft

if TYPE_CHECKING:
    from merchants.models import Merchant

RECEIVER = "The demo's receiver"
BY = Actor(kind=ActorKind.SYSTEM, id="load_demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Public ids: the shops' by slug."""

    channel_account: str
    merchants: Mapping[str, str] = field(default_factory=dict)


def install(*, safe: Safe, webhook_base: str, now: datetime) -> Installed:
    """Writes what it had to make into the safe. Raises httpx2.HTTPError without a simulator."""
    account = open_channel_account(safe=safe, now=now)
    with transaction.atomic():
        merchants = {
            shop.slug: _open_shop(
                shop, safe.shops[shop.slug], url=f"{webhook_base}/{shop.slug}", now=now
            )
            for shop in SHOPS
        }
        for person in PEOPLE:
            _admit(person, safe.people[person.username])
    safe.save()
    return Installed(channel_account=account, merchants=merchants)


def open_channel_account(*, safe: Safe, now: datetime) -> str:
    """At our side and at the simulator's, with the secret that they share."""
    simulator = Control(settings.SANDBOX_CHANNEL_URL)
    try:
        # Asked first: an address that does not answer is not written down.
        simulator.book()
        account = _open_at_our_side(safe=safe, now=now)
        simulator.open_account(account, safe.channel_secret.encode(), fee_bps=CHANNEL_FEE_BPS)
    finally:
        simulator.close()
    return account


def _open_at_our_side(*, safe: Safe, now: datetime) -> str:
    account = payments.services.channel_accounts.open_account(
        draft=ChannelAccountDraft(
            channel=CHANNEL,
            mode=MODE,
            title=CHANNEL_TITLE,
            base_url=settings.SANDBOX_CHANNEL_URL,
            secret=safe.channel_secret.encode(),
            fee_bps=CHANNEL_FEE_BPS,
            timeout_seconds=CHANNEL_TIMEOUT_SECONDS,
        ),
        by=BY,
        now=now,
    )
    return account.public_id


def _open_shop(shop: Shop, kept: ShopSafe, *, url: str, now: datetime) -> str:
    merchant = selectors.merchants_named(shop.name).first()
    if merchant is None:
        merchant = onboarding.create_merchant(name=shop.name, by=BY, now=now)
    _agree_terms(merchant, shop, now=now)
    _issue_keys(merchant, shop, kept, now=now)
    _open_inbox(merchant.pk, kept, url=url, now=now)
    return merchant.public_id


def _agree_terms(merchant: "Merchant", shop: Shop, *, now: datetime) -> None:
    for currency, tariff in shop.tariffs.items():
        wanted = Terms(tariff.percent_bps, tariff.fixed_minor)
        if selectors.terms_of(merchant_id=merchant.pk, currency=currency) != wanted:
            onboarding.agree_fee(
                merchant=merchant,
                percent_bps=wanted.percent_bps,
                fixed_minor=wanted.fixed_minor,
                currency=currency,
                by=BY,
                now=now,
            )


def _issue_keys(merchant: "Merchant", shop: Shop, kept: ShopSafe, *, now: datetime) -> None:
    in_force = selectors.keys_in_force(merchant_id=merchant.pk, mode=MODE)
    known = set(in_force.values_list("public_id", flat=True))
    if kept.key_id not in known:
        issued = api_keys.issue(
            merchant=merchant,
            mode=Mode.TEST,
            algorithm=Algorithm(shop.algorithm),
            public_key_pem=signing.public_key_of(kept.private_key_pem),
            by=BY,
            now=now,
        )
        kept.key_id = issued.key.public_id
    if kept.bearer_id not in known:
        issued = api_keys.issue(merchant=merchant, mode=Mode.TEST, by=BY, now=now)
        kept.bearer_id, kept.bearer_secret = issued.key.public_id, issued.secret


def _open_inbox(merchant_pk: int, kept: ShopSafe, *, url: str, now: datetime) -> None:
    endpoints = selectors.endpoints_of(merchant_id=merchant_pk, mode=MODE)
    endpoint = endpoints.filter(description=RECEIVER).first()
    if endpoint is None:
        registered = webhooks.register(
            merchant_id=merchant_pk, mode=MODE, url=url, description=RECEIVER, by=BY, now=now
        )
    elif endpoint.public_id != kept.endpoint_id:
        registered = webhooks.rotate_secret(endpoint=endpoint, by=BY, now=now)
    else:
        if endpoint.url != url or not endpoint.enabled:
            webhooks.update(endpoint=endpoint, url=url, enabled=True, by=BY, now=now)
        return
    # What the shop had seen is lost with its secret: it reads everything again.
    kept.seen_up_to = 0
    kept.endpoint_id, kept.webhook_secret = registered.endpoint.public_id, registered.secret
    webhooks.update(endpoint=registered.endpoint, url=url, enabled=True, by=BY, now=now)


def _admit(person: Person, held: PersonSafe) -> None:
    operator, _ = get_user_model().objects.get_or_create(username=person.username)
    operator.first_name, operator.last_name = person.name.split(" ", maxsplit=1)
    operator.is_staff = operator.is_active = True
    if not operator.check_password(held.password):
        operator.set_password(held.password)
    operator.save()
    operator.groups.set([Group.objects.get(name=person.role)])
    _give_second_factor(operator.pk, held)


def _give_second_factor(operator_pk: int, held: PersonSafe) -> None:
    operator = get_user_model().objects.get(pk=operator_pk)
    factors = Authenticator.objects.filter(user=operator, type=Authenticator.Type.TOTP)
    if held.totp_secret and factors.exists():
        return
    factors.delete()
    held.totp_secret = generate_totp_secret()
    TOTP.activate(operator, held.totp_secret)

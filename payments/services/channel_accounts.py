"""Opening our accounts at channels."""

from datetime import datetime

from django.db import transaction

from audit import vault
from audit.actor import Actor
from audit.services import records
from payments.drafts import ChannelAccountDraft
from payments.models import ChannelAccount


def open_account(*, draft: ChannelAccountDraft, by: Actor, now: datetime) -> ChannelAccount:
    """The account of this channel, mode and title, opened or brought up to date."""
    same = {"channel": draft.channel, "mode": draft.mode, "title": draft.title}
    account = ChannelAccount.objects.filter(**same).first() or ChannelAccount(**same)
    account.base_url, account.timeout_seconds = draft.base_url, draft.timeout_seconds
    account.fee_bps, account.fee_fixed_minor = draft.fee_bps, draft.fee_fixed_minor
    account.sealed_secret = vault.seal(draft.secret, context=account.secret_context)
    account.save()
    records.write(
        action="channel_account.opened",
        by=by,
        now=now,
        target=account.public_id,
        detail={**same, "base_url": draft.base_url},
    )
    return account


@transaction.atomic
def enable(*, account: ChannelAccount, reason: str, by: Actor, now: datetime) -> None:
    """New payments may go there again."""
    _switch(account, enabled=True, reason=reason, by=by, now=now)


@transaction.atomic
def disable(*, account: ChannelAccount, reason: str, by: Actor, now: datetime) -> None:
    """No new payment goes there; what is under way is finished."""
    _switch(account, enabled=False, reason=reason, by=by, now=now)


def _switch(
    account: ChannelAccount, *, enabled: bool, reason: str, by: Actor, now: datetime
) -> None:
    locked = ChannelAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    if locked.enabled == enabled:
        return
    locked.enabled = enabled
    locked.save(update_fields=["enabled"])
    records.write(
        action=f"channel_account.{'enabled' if enabled else 'disabled'}",
        by=by,
        now=now,
        target=locked.public_id,
        detail={"reason": reason},
    )

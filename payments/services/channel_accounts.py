"""Opening our accounts at channels."""

from datetime import datetime

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

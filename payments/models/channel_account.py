"""Our account with a channel: where its API is, how its messages are signed, what it charges."""

from auditlog.registry import auditlog
from django.db import models

from audit.ids import new_id
from merchants.states import Mode
from payments.models import fields


def new_channel_account_id() -> str:
    return new_id("cha")


class ChannelAccount(models.Model):
    public_id = fields.public_id(new_channel_account_id)
    channel = models.CharField(max_length=32)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    title = models.CharField(max_length=80)
    base_url = models.URLField(max_length=300)
    # audit.vault's token; the context is "payments_channelaccount.sealed_secret:<public_id>".
    sealed_secret = models.TextField(editable=False)
    currencies = models.JSONField(default=list, help_text="ISO 4217 codes; empty: every currency.")
    timeout_seconds = models.PositiveSmallIntegerField(default=10)
    fee_bps = models.PositiveIntegerField(
        default=0, help_text="What the channel's contract says it keeps, in basis points."
    )
    fee_fixed_minor = models.PositiveBigIntegerField(default=0)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "mode", "title"], name="channel_account_title_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.channel}, {self.mode})"

    @property
    def secret_context(self) -> str:
        return f"payments_channelaccount.sealed_secret:{self.public_id}"


auditlog.register(ChannelAccount, mask_fields=["sealed_secret"])

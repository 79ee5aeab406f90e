"""What the channel paid us, or will: per account, day and currency, with every fact that it paid for."""

import pgtrigger
from django.db import models

from audit.ids import PUBLIC_ID_LENGTH, new_id
from reconciliation.models import fields
from reconciliation.models.statement import StatementFile, StatementLine


def new_settlement_id() -> str:
    return new_id("set")


class Settlement(models.Model):
    """Written once, with its journal. A day has a second one when lines were explained later."""

    public_id = fields.public_id(new_settlement_id)
    channel_account = models.ForeignKey(
        "payments.ChannelAccount", on_delete=models.PROTECT, related_name="settlements"
    )
    business_date = models.DateField()
    currency = fields.currency()
    sequence = models.PositiveIntegerField()
    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="settlements")
    item_count = models.PositiveIntegerField()
    gross_minor = models.BigIntegerField(help_text="Payments less refunds.")
    fee_minor = models.BigIntegerField(help_text="What the channel kept.")
    net_minor = models.BigIntegerField(help_text="What reaches our bank.")
    journal = fields.names("its journal; empty when no account moved")
    settled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel_account", "business_date", "currency", "sequence"],
                name="settlements_of_a_day_are_numbered",
            ),
            models.CheckConstraint(
                condition=models.Q(net_minor=models.F("gross_minor") - models.F("fee_minor")),
                name="settlement_net_is_gross_less_fees",
            ),
            models.CheckConstraint(
                condition=models.Q(item_count__gt=0), name="settlement_has_items"
            ),
        ]
        indexes = [
            models.Index(fields=["settled_at"], name="settlement_by_time"),
        ]
        triggers = [
            fields.written_once("settlements_are_written_once"),
            fields.never_truncated("settlements_are_never_truncated"),
            pgtrigger.Trigger(
                name="settlement_is_the_sum_of_its_items",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                declare=[("found", "RECORD")],
                func="""
                    SELECT COUNT(*) AS items, COALESCE(SUM(amount_minor), 0) AS gross,
                           COALESCE(SUM(fee_minor), 0) AS fee INTO found
                      FROM reconciliation_settlementitem WHERE settlement_id = NEW.id;
                    IF (found.items, found.gross, found.fee)
                       IS DISTINCT FROM (NEW.item_count, NEW.gross_minor, NEW.fee_minor) THEN
                        RAISE EXCEPTION 'settlement % is not the sum of its items', NEW.public_id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class SettlementItem(models.Model):
    """One line that the channel paid for, and the one fact of payments that it paid."""

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="items")
    line = models.OneToOneField(
        StatementLine, on_delete=models.PROTECT, related_name="settlement_item"
    )
    # In exactly one settlement, whatever the matching thought.
    fact = models.CharField(
        max_length=PUBLIC_ID_LENGTH,
        unique=True,
        help_text="Public id of the capture, refund or suspense item.",
    )
    amount_minor = models.BigIntegerField(help_text="Money in is positive, refunds are negative.")
    fee_minor = models.BigIntegerField()

    class Meta:
        triggers = [
            fields.written_once("settlement_items_are_written_once"),
            fields.never_truncated("settlement_items_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.fact} in settlement {self.settlement_id}"


class MerchantShare(models.Model):
    """What a settlement made available to one merchant."""

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="shares")
    merchant = models.CharField(max_length=PUBLIC_ID_LENGTH, help_text="Public id.")
    currency = fields.currency()
    amount_minor = models.BigIntegerField(
        help_text="Sales less fees less refunds; negative where refunds outweigh."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "merchant"], name="merchant_has_one_share_of_a_settlement"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-id"], name="share_newest_of_merchant"),
        ]
        triggers = [
            fields.written_once("merchant_shares_are_written_once"),
            fields.never_truncated("merchant_shares_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} in settlement {self.settlement_id}"

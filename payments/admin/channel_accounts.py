"""Our accounts with channels: where payments go, and the switch that stops new ones."""

from collections.abc import Collection

from django.contrib import admin
from django.http import HttpRequest

from audit.admin import links
from audit.admin.asking import Ask, Request
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn
from audit.admin.filters import BooleanRadioFilter, ChoicesCheckboxFilter
from audit.admin.links import list_url
from audit.admin.sheets import Fact, Facts, Figure, Heading, Sheet, Table
from audit.admin.values import Anchor, Badge, Link
from ledger import selectors
from ledger.admin.amounts import Amount
from ledger.chart import Books
from payments.admin import parts
from payments.models import ChannelAccount
from payments.services import channel_accounts


def _switch_on(account: ChannelAccount, confirmed: Request) -> str:
    channel_accounts.enable(
        account=account, reason=confirmed.reason, by=confirmed.by, now=confirmed.now
    )
    return f"{account.title} takes new payments again."


def _switch_off(account: ChannelAccount, confirmed: Request) -> str:
    channel_accounts.disable(
        account=account, reason=confirmed.reason, by=confirmed.by, now=confirmed.now
    )
    return f"{account.title} takes no new payments. What is under way is finished."


def switch_badge(account: ChannelAccount) -> Badge:
    if account.enabled:
        return Badge("Takes payments", "success")
    return Badge("Stopped", "danger")


def _names(public_ids: Collection[str]) -> dict[str, str]:
    found = ChannelAccount.objects.filter(public_id__in=public_ids)
    return dict(found.values_list("public_id", "title"))


links.register_names("cha", _names)


@admin.register(ChannelAccount)
class ChannelAccountAdmin(ReadOnlyAdmin):
    id_prefix = "cha"
    list_display = (
        Column("title"),
        Column("channel"),
        parts.mode_column(),
        ComputedColumn(switch_badge, "State", name="enabled"),
        ComputedColumn(lambda row: row.currencies or "All", "Currencies", name="currencies"),
        ComputedColumn(lambda row: percent(row.fee_bps), "Contract's fee", name="fee_bps"),
        IdColumn(),
    )
    list_filter = (("enabled", BooleanRadioFilter), ("mode", ChoicesCheckboxFilter))
    search_ids = {"cha": "public_id"}
    asks = (
        Ask(
            name="disable",
            label="Stop new payments",
            permission="payments.change_channelaccount",
            consequence="No new payment is sent to this account. Payments under way are finished,"
            " callbacks and refunds go on.",
            carry_out=_switch_off,
            possible=lambda account: bool(account.enabled),
            icon="block",
            danger=True,
        ),
        Ask(
            name="enable",
            label="Take payments again",
            permission="payments.change_channelaccount",
            consequence="New payments are sent to this account from now on.",
            carry_out=_switch_on,
            possible=lambda account: not account.enabled,
            icon="play_arrow",
        ),
    )

    def sheet(self, request: HttpRequest, row: ChannelAccount) -> Sheet:
        balances = selectors.balances(row.public_id, books=Books(row.mode))
        return Sheet(
            heading=row.title,
            badges=[switch_badge(row), parts.mode_badge(row.mode)],
            figures=[
                Figure("Channel", row.channel.capitalize()),
                Figure("Contract's fee", percent(row.fee_bps)),
                Figure("Patience", f"{row.timeout_seconds} s"),
            ],
            main=[
                Table(
                    "In the books",
                    ["Account", Heading("Balance", number=True)],
                    [
                        (
                            Link(balance.public_id, balance.kind.label),
                            Amount(balance.normal_minor, balance.currency),
                        )
                        for balance in balances
                    ],
                    empty="Nothing has been booked yet.",
                )
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Address", row.base_url),
                        Fact("Currencies", row.currencies or "All"),
                        Fact("Fixed part of the fee", f"{row.fee_fixed_minor} minor units"),
                        Fact("Secret", "Sealed; nobody can read it here."),
                    ],
                ),
                Facts(
                    "Lists",
                    [
                        Fact("Attempts", Anchor("Show", _list("attempt", row))),
                        Fact("Callbacks", Anchor("Show", _list("callbackreceipt", row))),
                    ],
                ),
            ],
        )


def percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} %"


def _list(model: str, account: ChannelAccount) -> str:
    return list_url("payments", model, channel_account__id__exact=account.pk)

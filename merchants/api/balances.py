"""What we owe a merchant, and every movement that made it so, as the ledger has it."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ledger import selectors as ledger
from ledger.chart import AccountKind, Books
from ledger.selectors import AccountBalance, EntryRow
from merchants.api.authentication import Caller
from merchants.api.errors import ApiError
from merchants.api.fields import CurrencyField, TimeField
from merchants.api.frame import MerchantAPIView
from merchants.api.pagination import paged
from merchants.api.serializers import ListQuery, described_as

BALANCES = {AccountKind.MERCHANT_PENDING: "pending", AccountKind.MERCHANT_AVAILABLE: "available"}


class BalanceOut(serializers.Serializer[dict[str, Any]]):
    currency = serializers.CharField()
    pending = serializers.IntegerField(help_text="Collected, not yet settled by the channel.")
    available = serializers.IntegerField(help_text="Settled: it can be paid out.")
    held = serializers.IntegerField(help_text="Set aside for something that is under way.")


BalancesOut = described_as(
    "BalancesOut",
    {
        "object": serializers.CharField(default="balances", read_only=True),
        "data": BalanceOut(many=True),
    },
)
# Seen from the merchant: what we owe it more is positive.
TransactionOut = described_as(
    "BalanceTransactionOut",
    {
        "id": serializers.CharField(),
        "object": serializers.CharField(default="balance_transaction", read_only=True),
        "balance": serializers.ChoiceField(choices=list(BALANCES.values())),
        "currency": serializers.CharField(),
        "amount": serializers.IntegerField(),
        "running_balance": serializers.IntegerField(),
        "fact": serializers.CharField(help_text="What happened, such as payment_captured."),
        "source": serializers.CharField(help_text="The id of what it happened to."),
        "journal": serializers.CharField(),
        "posted_at": TimeField(),
    },
)


class TransactionQuery(ListQuery):
    currency = CurrencyField(required=False)
    balance = serializers.ChoiceField(choices=list(BALANCES.values()), required=False)
    after = serializers.RegexField(
        r"^acc_[0-9A-HJKMNP-TV-Z]{26}\.[0-9]{1,18}\Z", required=False, trim_whitespace=False
    )


class Balances(MerchantAPIView):
    @extend_schema(responses=BalancesOut)
    def get(self, request: Request) -> Response:
        found: dict[str, dict[str, Any]] = {}
        for account in _accounts(self.caller):
            row = found.setdefault(
                account.currency,
                {"currency": account.currency, "pending": 0, "available": 0, "held": 0},
            )
            row[BALANCES[account.kind]] = account.normal_minor
        return Response({"object": "balances", "data": list(found.values())})


class BalanceTransactions(MerchantAPIView):
    """Account by account (currency, then pending before available), newest first in each: a running
    balance means something within one account only."""

    query_class = TransactionQuery

    @extend_schema(responses=paged(TransactionOut))
    def get(self, request: Request) -> Response:
        limit = self.query["limit"]
        found = [_described(entry) for entry in self._entries(limit + 1)]
        shown, has_more = found[:limit], len(found) > limit
        return Response(
            {
                "data": shown,
                "has_more": has_more,
                "next_after": shown[-1]["id"] if has_more else None,
            }
        )

    def _entries(self, needed: int) -> Iterator[EntryRow]:
        for account, before in self._from_cursor():
            page = ledger.account_statement(account.account_id, limit=needed, before_version=before)
            yield from page
            needed -= len(page)
            if not needed:
                return

    def _from_cursor(self) -> Iterator[tuple[AccountBalance, int | None]]:
        accounts = [
            account
            for account in _accounts(self.caller)
            if self.query.get("currency", account.currency) == account.currency
            and self.query.get("balance", BALANCES[account.kind]) == BALANCES[account.kind]
        ]
        after: str | None = self.query.get("after")
        if after is None:
            yield from ((account, None) for account in accounts)
            return
        public_id, _, version = after.partition(".")
        places = [i for i, account in enumerate(accounts) if account.public_id == public_id]
        if not places:
            raise ApiError("parameter_invalid", "`after` is not an id of this list.")
        yield accounts[places[0]], int(version)
        yield from ((account, None) for account in accounts[places[0] + 1 :])


def _accounts(caller: Caller) -> list[AccountBalance]:
    """Of the caller's own mode: test money never shows beside real money."""
    accounts = ledger.balances(caller.merchant.public_id, books=Books(caller.mode))
    return [account for account in accounts if account.kind in BALANCES]


def _described(entry: EntryRow) -> dict[str, Any]:
    return {
        "id": f"{entry.account_public_id}.{entry.version}",
        "object": "balance_transaction",
        "balance": BALANCES[entry.kind],
        "currency": entry.currency,
        "amount": -entry.amount_minor,
        "running_balance": -entry.balance_after_minor,
        "fact": entry.fact,
        "source": entry.reference,
        "journal": entry.journal_public_id,
        "posted_at": TimeField().to_representation(entry.posted_at),
    }

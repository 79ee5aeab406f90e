"""Money on pages: ISO 4217's decimals, figures under figures, the currency beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin.columns import Column
from audit.admin.filters import DropdownFilter
from audit.admin.values import NOTHING, Shown
from ledger import selectors
from ledger.chart import AccountKind
from ledger.money import format_minor

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Amount(Shown):
    amount_minor: int
    currency: str

    def __html__(self) -> SafeString:
        return format_html(
            '<span class="zs-money{}">{}&nbsp;<span class="zs-currency">{}</span></span>',
            " zs-negative" if self.amount_minor < 0 else "",
            figures(self.amount_minor, self.currency),
            self.currency,
        )


@dataclass(frozen=True, slots=True)
class Figures(Shown):
    """The amount without its currency, where a heading names it; nothing for zero."""

    amount_minor: int
    currency: str

    def __html__(self) -> SafeString:
        if not self.amount_minor:
            return SafeString("")
        return format_html(
            '<span class="zs-money">{}</span>', figures(self.amount_minor, self.currency)
        )


class MoneyColumn(Column):
    """`path` leads to the minor units, `currency` to their currency. Zero is shown as nothing where
    `quiet`."""

    def __init__(
        self, path: str, title: str = "", *, currency: str = "currency", quiet: bool = False
    ) -> None:
        super().__init__(path, title or path.removesuffix("_minor").replace("_", " ").capitalize())
        self.__name__ = f"money_{self.__name__}"
        self.currency = Column(currency)
        self.quiet = quiet

    def __call__(self, row: Model) -> SafeString:
        amount_minor = self.value(row)
        if amount_minor is None or (self.quiet and not amount_minor):
            return NOTHING
        return Amount(amount_minor, self.currency.value(row)).__html__()


class CurrencyFilter(DropdownFilter):
    """The currencies in which channels have ever owed us something."""

    title = "currency"
    parameter_name = "currency"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> Iterable[tuple[str, str]]:
        owed = selectors.balances_of_kind(AccountKind.CHANNEL_RECEIVABLE)
        return [(currency, currency) for currency in sorted({b.currency for b in owed})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(currency=self.value()) if self.value() else queryset


def figures(amount_minor: int, currency: str) -> str:
    return format_minor(amount_minor, currency).partition(NO_BREAK_SPACE)[2]

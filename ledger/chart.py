"""The chart of accounts as data: which kinds there are, how each behaves, who may own one."""

from dataclasses import dataclass
from enum import StrEnum

PLATFORM = "platform"


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Books(StrEnum):
    """Test money has books of its own: no journal and no total ever mixes it with real money."""

    LIVE = "live"
    TEST = "test"


class AccountStatus(StrEnum):
    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class OwnerKind(StrEnum):
    MERCHANT = "merchant"
    CHANNEL_ACCOUNT = "channel_account"
    CUSTOMER = "customer"
    PLATFORM = "platform"

    def accepts(self, owner: str) -> bool:
        """Whether a public id belongs to an owner of this kind; the platform owns as `platform`."""
        if self is OwnerKind.PLATFORM:
            return owner == PLATFORM
        return owner.startswith(OWNER_PREFIXES[self])


OWNER_PREFIXES = {
    OwnerKind.MERCHANT: "mch_",
    OwnerKind.CHANNEL_ACCOUNT: "cha_",
    OwnerKind.CUSTOMER: "cus_",
}


class AccountKind(StrEnum):
    CHANNEL_RECEIVABLE = "channel_receivable"
    BANK = "bank"
    FX_POSITION = "fx_position"
    MERCHANT_PENDING = "merchant_pending"
    MERCHANT_AVAILABLE = "merchant_available"
    CUSTOMER_WALLET = "customer_wallet"
    REFUNDS_PAYABLE = "refunds_payable"
    DISPUTE_RESERVE = "dispute_reserve"
    PAYOUTS_IN_TRANSIT = "payouts_in_transit"
    SUSPENSE = "suspense"
    FEE_INCOME = "fee_income"
    CHANNEL_COST = "channel_cost"
    FX_GAIN_LOSS = "fx_gain_loss"
    ROUNDING = "rounding"

    @property
    def label(self) -> str:
        return CHART[self].label


@dataclass(frozen=True, slots=True)
class KindRules:
    """`may_go_negative` is seen from the normal side: a credit account is negative when its balance
    is a debit."""

    label: str
    normal_side: Side
    owner_kind: OwnerKind
    may_go_negative: bool = False


CHART: dict[AccountKind, KindRules] = {
    # What others owe us, and what we have. A channel or a bank may come to be owed instead, after a
    # day with more refunds than sales.
    AccountKind.CHANNEL_RECEIVABLE: KindRules(
        "Channel receivable", Side.DEBIT, OwnerKind.CHANNEL_ACCOUNT, may_go_negative=True
    ),
    AccountKind.BANK: KindRules("Bank", Side.DEBIT, OwnerKind.PLATFORM, may_go_negative=True),
    AccountKind.FX_POSITION: KindRules(
        "FX position", Side.DEBIT, OwnerKind.PLATFORM, may_go_negative=True
    ),
    # What we owe. Refunds can outrun sales, if only by the fee that we keep: a merchant's accounts
    # may go below zero, and its next sale makes it good. A payout asks for what is there.
    AccountKind.MERCHANT_PENDING: KindRules(
        "Merchant pending", Side.CREDIT, OwnerKind.MERCHANT, may_go_negative=True
    ),
    AccountKind.MERCHANT_AVAILABLE: KindRules(
        "Merchant available", Side.CREDIT, OwnerKind.MERCHANT, may_go_negative=True
    ),
    AccountKind.CUSTOMER_WALLET: KindRules("Customer wallet", Side.CREDIT, OwnerKind.CUSTOMER),
    AccountKind.REFUNDS_PAYABLE: KindRules("Refunds payable", Side.CREDIT, OwnerKind.MERCHANT),
    AccountKind.DISPUTE_RESERVE: KindRules("Dispute reserve", Side.CREDIT, OwnerKind.MERCHANT),
    AccountKind.PAYOUTS_IN_TRANSIT: KindRules(
        "Payouts in transit", Side.CREDIT, OwnerKind.MERCHANT
    ),
    AccountKind.SUSPENSE: KindRules(
        "Suspense", Side.CREDIT, OwnerKind.CHANNEL_ACCOUNT, may_go_negative=True
    ),
    # What we earn, and what it costs us.
    AccountKind.FEE_INCOME: KindRules(
        "Fee income", Side.CREDIT, OwnerKind.PLATFORM, may_go_negative=True
    ),
    AccountKind.CHANNEL_COST: KindRules(
        "Channel cost", Side.DEBIT, OwnerKind.PLATFORM, may_go_negative=True
    ),
    AccountKind.FX_GAIN_LOSS: KindRules(
        "FX gain and loss", Side.CREDIT, OwnerKind.PLATFORM, may_go_negative=True
    ),
    AccountKind.ROUNDING: KindRules(
        "Rounding", Side.DEBIT, OwnerKind.PLATFORM, may_go_negative=True
    ),
}

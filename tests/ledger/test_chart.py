import pytest

from ledger.chart import CHART, AccountKind, OwnerKind, Side


def test_every_kind_is_in_the_chart_with_a_label_of_its_own():
    assert set(CHART) == set(AccountKind)
    assert len({kind.label for kind in AccountKind}) == len(AccountKind)


def test_what_is_held_for_others_never_goes_negative():
    forbidden = {kind for kind, rules in CHART.items() if not rules.may_go_negative}
    assert forbidden == {
        AccountKind.CUSTOMER_WALLET,
        AccountKind.REFUNDS_PAYABLE,
        AccountKind.DISPUTE_RESERVE,
        AccountKind.PAYOUTS_IN_TRANSIT,
    }
    assert {CHART[kind].normal_side for kind in forbidden} == {Side.CREDIT}


@pytest.mark.parametrize(
    ("kind", "owner", "accepted"),
    [
        (OwnerKind.MERCHANT, "mch_1", True),
        (OwnerKind.MERCHANT, "cha_1", False),
        (OwnerKind.MERCHANT, "platform", False),
        (OwnerKind.CHANNEL_ACCOUNT, "cha_1", True),
        (OwnerKind.CUSTOMER, "cus_1", True),
        (OwnerKind.PLATFORM, "platform", True),
        (OwnerKind.PLATFORM, "platform2", False),
    ],
)
def test_the_chart_says_who_may_own_what(kind, owner, accepted):
    assert kind.accepts(owner) is accepted

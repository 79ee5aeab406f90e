"""What a merchant sees of the books."""

import pytest

from ledger.chart import AccountKind
from ledger.drafts import AccountRef, JournalDraft, Line
from ledger.services import journals
from tests.factories.merchants import OPERATOR
from tests.merchants.api.bad_inputs import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(merchant, now):
    """Books a fact that owes the merchant `amount_minor` more on one of its accounts."""

    def booked(fact, amount_minor, currency="CNY", kind=AccountKind.MERCHANT_PENDING, owner=None):
        bank = AccountRef(AccountKind.BANK, "platform", currency)
        account = AccountRef(kind, owner or merchant.public_id, currency)
        journals.post(
            JournalDraft(
                fact=fact,
                reference=f"cap_{fact}",
                lines=(Line(bank, amount_minor), Line(account, -amount_minor)),
                effective_at=now,
            ),
            by=OPERATOR,
            now=now,
        )

    return booked


def test_a_new_merchant_is_owed_nothing(api):
    assert api.get("/v1/balances").json() == {"object": "balances", "data": []}
    assert api.get("/v1/balance_transactions").json()["data"] == []


def test_balances_are_shown_per_currency(api, post, stranger):
    post("one", 1000)
    post("two", 500, kind=AccountKind.MERCHANT_AVAILABLE)
    post("three", 70, currency="JPY")
    post("four", 9, owner=stranger.merchant.public_id)
    assert api.get("/v1/balances").json()["data"] == [
        {"currency": "CNY", "pending": 1000, "available": 500, "held": 0},
        {"currency": "JPY", "pending": 70, "available": 0, "held": 0},
    ]


def test_every_movement_is_shown_with_its_source_and_the_running_balance(api, post):
    post("one", 1000)
    post("two", -300)
    (second, first) = api.get("/v1/balance_transactions").json()["data"]
    assert (first["amount"], first["running_balance"], first["source"]) == (1000, 1000, "cap_one")
    assert (second["amount"], second["running_balance"]) == (-300, 700)
    assert (second["fact"], second["balance"], second["currency"]) == ("two", "pending", "CNY")
    assert second["journal"].startswith("jrn_")


def test_movements_page_across_accounts_without_loss(api, post):
    for n in range(3):
        post(f"a{n}", 10)
        post(f"b{n}", 10, kind=AccountKind.MERCHANT_AVAILABLE)
        post(f"c{n}", 10, currency="JPY")
    everything = api.get("/v1/balance_transactions?limit=100").json()["data"]
    paged, query = [], "?limit=2"
    while True:
        page = api.get(f"/v1/balance_transactions{query}").json()
        paged += page["data"]
        if not page["has_more"]:
            break
        query = f"?limit=2&after={page['next_after']}"
    assert paged == everything
    assert len({row["id"] for row in everything}) == 9


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("?currency=JPY", {"cap_c"}),
        ("?balance=available", {"cap_b"}),
        ("?currency=CNY&balance=pending", {"cap_a"}),
        ("?currency=KWD", set()),
    ],
)
def test_movements_are_filtered_by_currency_and_balance(api, post, query, sources):
    post("a", 10)
    post("b", 10, kind=AccountKind.MERCHANT_AVAILABLE)
    post("c", 10, currency="JPY")
    rows = api.get(f"/v1/balance_transactions{query}").json()["data"]
    assert {row["source"] for row in rows} == sources


def test_another_merchants_account_is_no_place_to_go_on_from(api, post, stranger):
    post("one", 10, owner=stranger.merchant.public_id)
    post("two", 20, owner=stranger.merchant.public_id)
    theirs = stranger.get("/v1/balance_transactions?limit=1").json()["next_after"]
    refused(api.get(f"/v1/balance_transactions?after={theirs}"), "parameter_invalid")

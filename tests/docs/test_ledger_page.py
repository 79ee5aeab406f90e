"""The worked example of docs/ledger.md, computed with the postings themselves."""

import re
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import pytest
from django.apps import apps

from ledger.chart import AccountKind
from ledger.drafts import JournalDraft
from ledger.money import Money
from merchants.fees import Terms, fee
from payments import postings
from reconciliation import postings as settlement_postings
from tests.docs.pages import page

PAGE = page("docs/ledger.md")
STEP = re.compile(r"^\*\*(\d\w?)\. .*?\*\* · `(\w+)`, reference `(\w+)_…`$", re.MULTILINE)
MERCHANT, CHANNEL = "mch_1", "cha_1"
OWNERS = {MERCHANT: "merchant", CHANNEL: "channel account", "platform": "platform"}
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SALE = 100_00
FEE = fee(Money(SALE, "CNY"), Terms(percent_bps=290, fixed_minor=30))
REFUND = 40_00
CHANNEL_FEE = 60


def drafts() -> dict[str, JournalDraft]:
    common: dict[str, Any] = {"currency": "CNY", "mode": "live", "effective_at": NOW}
    refund: dict[str, Any] = {
        "refund": "ref_1",
        "payment": "pay_1",
        "merchant": MERCHANT,
        "amount_minor": REFUND,
    }
    pending: dict[str, Any] = {"funded_from": AccountKind.MERCHANT_PENDING}
    settled = settlement_postings.settled(
        settlement="set_1",
        channel_account=CHANNEL,
        gross_minor=SALE - REFUND,
        fee_minor=CHANNEL_FEE,
        available_minor={MERCHANT: SALE - FEE - REFUND},
        **common,
    )
    assert settled is not None
    return {
        "1": postings.captured(
            capture="cap_1",
            payment="pay_1",
            merchant=MERCHANT,
            channel_account=CHANNEL,
            gross=Money(SALE, "CNY"),
            fee_minor=FEE,
            mode="live",
            effective_at=NOW,
        ),
        "2": postings.refund_requested(**refund, **pending, **common),
        "3": postings.refunded(
            refund="ref_1",
            payment="pay_1",
            merchant=MERCHANT,
            channel_account=CHANNEL,
            amount=Money(REFUND, "CNY"),
            mode="live",
            effective_at=NOW,
        ),
        "3b": postings.refund_failed(**refund, **pending, **common),
        "4": settled,
        "5": postings.suspended(
            item="sus_1", channel_account=CHANNEL, amount_minor=SALE, reference="att_1", **common
        ),
    }


def shown(draft: JournalDraft) -> list[tuple[str, str, str, str]]:
    def column(amount_minor: int) -> str:
        return Money(amount_minor, "CNY").major() if amount_minor > 0 else ""

    return [
        (
            line.account.kind.label,
            OWNERS[line.account.owner],
            column(line.amount_minor),
            column(-line.amount_minor),
        )
        for line in draft.lines
    ]


def printed(step: str) -> list[tuple[str, ...]]:
    _, _, rest = PAGE.text.partition(f"**{step}. ")
    table = [line for line in rest.splitlines() if line.startswith("|") or not line.strip()]
    first = next(list(rows) for is_row, rows in groupby(table, key=bool) if is_row)
    return [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in first[2:]]


@pytest.mark.parametrize("step", drafts())
def test_each_table_is_what_the_posting_says(step):
    assert printed(step) == shown(drafts()[step])


def test_each_fact_has_the_name_that_is_booked():
    named = {step: (fact, prefix) for step, fact, prefix in STEP.findall(PAGE.text)}
    booked = {s: (d.fact, d.reference.split("_")[0]) for s, d in drafts().items()}
    assert named == booked


def test_the_example_ends_with_nothing_receivable():
    receivable = sum(
        line.amount_minor
        for step in ("1", "2", "3", "4")
        for line in drafts()[step].lines
        if line.account.kind == AccountKind.CHANNEL_RECEIVABLE
    )
    assert receivable == 0


def test_everything_that_the_database_refuses_is_on_the_page():
    models = apps.get_app_config("ledger").get_models()
    rules = {
        rule.name
        for model in models
        for rule in (*model._meta.constraints, *getattr(model._meta, "triggers", []))
    }
    table = PAGE.below("## What the database refuses")
    assert {name for name in rules if f"`{name}`" not in table} == set()
    assert {name for name in re.findall(r"`(\w+)`", table) if name not in rules} == set()


def test_control_a_wrong_amount_is_seen():
    other = drafts()["1"]
    wrong = [(a, o, d.replace("100.00", "100.01"), c) for a, o, d, c in shown(other)]
    assert printed("1") != wrong

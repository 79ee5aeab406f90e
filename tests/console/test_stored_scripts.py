"""Text that others chose is text: in every list, on every page, whatever field it was put into."""

from contextlib import suppress

import pytest
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import Error, connection, models, transaction

from audit.admin.values import Anchor, Badge, Evidence, Link, PublicId, Stack, pretty, shown
from tests.factories import console

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>\"'<script>alert(2)</script>"
LIVE = ("<img src=x", "<script>alert(2)")
# They are read by programs: what is put there has to be of their shape.
SHAPED = {
    "merchants.event.body": '{"data": {"id": "<img src=x onerror=alert(1)>"}}',
    "reconciliation.run.discrepancies": {HOSTILE: 1},
    "auditlog.logentry.changes": {HOSTILE: [HOSTILE, HOSTILE]},
    "payments.callbackreceipt.body": HOSTILE.encode(),
}
# What a program chose from a list of its own, and what addresses a page.
CHOSEN = {
    "public_id",
    "currency",
    "password",
    "kind",
    "normal_side",
    "status",
    "funded_from",
    "state",
}


@pytest.fixture
def poisoned(day):
    """The day, with a script in every field that a merchant, payer, channel or operator may fill."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    done = {
        f"{console.name_of(model)}.{field.name}"
        for model in admin.site._registry
        for field in model._meta.concrete_fields
        if put(model, field)
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
    return done


def put(model, field) -> bool:
    if field.choices or field.name in CHOSEN or field.is_relation:
        return False
    hostile = SHAPED.get(f"{console.name_of(model)}.{field.name}") or hostile_for(field)
    if hostile is None:
        return False
    with suppress(Error), transaction.atomic():
        newest = model.objects.order_by("-pk").values("pk")[:1]
        return bool(model.objects.filter(pk__in=newest).update(**{field.name: hostile}))
    return False


def hostile_for(field):
    match field:
        case models.JSONField():
            return {HOSTILE: HOSTILE}
        case ArrayField():
            return [HOSTILE[:60]]
        case models.CharField() | models.TextField():
            return HOSTILE[: field.max_length]
        case _:
            return None


def test_the_fields_that_others_fill_were_poisoned(poisoned):
    expected = {
        "merchants.merchant.name",
        "payments.order.reference",
        "payments.order.description",
        "payments.order.metadata",
        "payments.payment.failure_message",
        "payments.attempt.channel_id",
        "payments.attempt.exchange",
        "payments.refund.reason",
        "payments.callbackreceipt.headers",
        "payments.callbackreceipt.rejected_because",
        "payments.channelaccount.title",
        "merchants.webhookendpoint.url",
        "merchants.webhookdelivery.last_error",
        "merchants.event.body",
        "reconciliation.statementline.raw",
        "reconciliation.ticket.our_reference",
        "reconciliation.ticket.evidence",
        "audit.record.detail",
        "audit.operator.first_name",
        "ledger.journal.metadata",
    }
    assert expected - poisoned == set()


def test_no_page_runs_what_others_wrote(poisoned, browser):
    for name, url in (console.lists() | console.pages()).items():
        assert_quiet(browser.get(url), name)
    for name, url in console.lists().items():
        assert_quiet(browser.get(url), name)
    assert_quiet(browser.get("/admin/"), "today")


def test_pages_of_the_poisoned_flow_show_it_as_text(poisoned, browser):
    """The control: the script is there, to be read."""
    for name in ("payments.order", "payments.payment", "payments.attempt"):
        assert "&lt;img src=x" in browser.get(console.pages()[name]).content.decode()


def assert_quiet(response, name):
    assert response.status_code == 200, name
    page = response.content.decode()
    for script in LIVE:
        assert script not in page, (name, page[page.index(script) - 300 : page.index(script) + 80])


@pytest.mark.parametrize(
    "value",
    [
        HOSTILE,
        [HOSTILE],
        {HOSTILE: HOSTILE},
        Badge(HOSTILE, HOSTILE),
        Link(HOSTILE, HOSTILE),
        Link(f"pay_{HOSTILE}"),
        Anchor(HOSTILE, f"/x?{HOSTILE}"),
        PublicId(HOSTILE),
        Stack(HOSTILE, HOSTILE),
        Evidence(HOSTILE, {HOSTILE: [HOSTILE]}),
        Evidence(HOSTILE, HOSTILE.encode()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_value_escapes(value):
    html = shown(value)
    assert "<img" not in html
    assert "<script" not in html
    assert 'onerror=alert(1)>"' not in html


def test_evidence_masks_secrets_and_card_numbers():
    text = pretty(
        b'{"authorization": "Bearer abc", "card": "4242 4242 4242 4242", "note": "\\u003cb\\u003e"}'
    )
    assert "abc" not in text
    assert "4242 4242" not in text
    assert "4242" in text

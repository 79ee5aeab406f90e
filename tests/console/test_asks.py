"""What operators may ask for: with a permission, a reason, a second look, and a record."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.urls import reverse

from audit.models import Operator, Record
from merchants.models import WebhookDelivery
from payments.models import Attempt
from reconciliation.models import Ticket
from reconciliation.services import tickets
from tests.factories import console, operators
from tests.factories import payments as make

pytestmark = pytest.mark.django_db

REASON = "The merchant's receiver was down until noon."


def ask_url(row, ask):
    return reverse(f"admin:{console.url_name(type(row))}_ask", args=[row.public_id, ask])


def browser_of(*roles):
    return operators.signed_in(operators.operator("-".join(roles), roles=roles))


def records(action):
    return list(Record.objects.filter(action=action).order_by("pk"))


@pytest.fixture
def given_up(day):
    return WebhookDelivery.objects.exclude(dead_at=None).first()


def test_an_ask_is_looked_at_twice(given_up):
    browser = browser_of("support")
    page = browser.get(ask_url(given_up, "replay")).content.decode()
    assert "Send again?" in page
    assert "Reason" in page
    given_up.refresh_from_db()
    assert given_up.dead_at


@pytest.mark.parametrize("reason", ["", "   ", "why"])
def test_no_reason_no_deed(given_up, reason):
    browser_of("support").post(ask_url(given_up, "replay"), {"reason": reason})
    given_up.refresh_from_db()
    assert given_up.dead_at


def test_a_delivery_that_was_given_up_is_sent_again(given_up):
    answer = browser_of("support").post(
        ask_url(given_up, "replay"), {"reason": REASON}, follow=True
    )
    assert "The event will be sent again" in answer.content.decode()
    given_up.refresh_from_db()
    assert (given_up.dead_at, given_up.attempts) == (None, 0)
    record = records("webhook_deliveries.replayed")[-1]
    assert record.detail["reason"] == REASON
    assert record.actor_kind == "operator"
    assert record.actor_id.startswith("opr_")
    assert record.ip == "127.0.0.1"


def test_an_ask_that_came_too_late_does_nothing(given_up):
    browser = browser_of("support")
    for _ in range(2):
        answer = browser.post(ask_url(given_up, "replay"), {"reason": REASON}, follow=True)
    assert "not possible here any more" in answer.content.decode()
    assert len(records("webhook_deliveries.replayed")) == 1


@pytest.mark.parametrize(
    ("model", "ask"),
    [
        ("webhookdelivery", "replay"),
        ("channelaccount", "disable"),
        ("ticket", "take"),
        ("ticket", "resolve"),
    ],
)
def test_whoever_may_only_look_may_not_ask(day, given_up, model, ask):
    row = {
        "webhookdelivery": given_up,
        "channelaccount": day.account,
        "ticket": Ticket.objects.first(),
    }[model]
    browser = browser_of("auditor")
    assert browser.get(ask_url(row, ask)).status_code == 403
    assert browser.post(ask_url(row, ask), {"reason": REASON}).status_code == 403
    page = browser.get(reverse(f"admin:{console.url_name(type(row))}_change", args=[row.public_id]))
    assert ask_url(row, ask) not in page.content.decode()


def test_get_changes_nothing(day, given_up):
    browser = browser_of("administrator", "reconciler")
    for row, ask in (
        (given_up, "replay"),
        (day.account, "disable"),
        (Ticket.objects.first(), "take"),
    ):
        browser.get(ask_url(row, ask), {"reason": REASON})
    day.account.refresh_from_db()
    assert day.account.enabled
    assert not Ticket.objects.exclude(owner=None).exists()


def test_a_forged_form_is_refused(given_up):
    browser = browser_of("support")
    browser.handler.enforce_csrf_checks = True
    assert browser.post(ask_url(given_up, "replay"), {"reason": REASON}).status_code == 403


def test_a_channel_account_is_stopped_and_started(day):
    browser = browser_of("administrator")
    for ask, enabled in (("disable", False), ("enable", True)):
        browser.post(ask_url(day.account, ask), {"reason": REASON})
        day.account.refresh_from_db()
        assert day.account.enabled is enabled
    assert records("channel_account.disabled")[0].detail == {"reason": REASON}
    assert records("channel_account.enabled")


def test_dead_work_is_tried_again(day, now):
    payment = make.sent_payment(account=day.account, of=day.merchant)
    attempt = make.attempt_of(payment)
    Attempt.objects.filter(pk=attempt.pk).update(dead_at=now, attempts=16, last_error="silence")
    browser_of("administrator").post(ask_url(attempt, "revive"), {"reason": REASON})
    attempt.refresh_from_db()
    assert (attempt.dead_at, attempt.attempts, attempt.last_error) == (None, 0, "")
    assert attempt.due_at
    assert records("due_row.revived")[0].detail == {"reason": REASON, "error": "silence"}


def test_a_ticket_is_taken_put_back_and_resolved(day):
    ticket = Ticket.objects.get(kind="fee_mismatch")
    reconciler = operators.operator("rina", roles=["reconciler"])
    browser = operators.signed_in(reconciler)
    browser.post(ask_url(ticket, "take"), {"reason": REASON})
    assert Ticket.objects.get(pk=ticket.pk).owner == reconciler
    browser.post(ask_url(ticket, "put-back"), {"reason": REASON})
    assert Ticket.objects.get(pk=ticket.pk).owner is None
    browser.post(ask_url(ticket, "resolve"), {"reason": REASON})
    ended = Ticket.objects.get(pk=ticket.pk)
    assert (ended.state, ended.resolution) == ("resolved", REASON)
    assert records("ticket.resolved")[0].actor_id == reconciler.public_id


def test_a_ticket_about_money_in_suspense_is_not_talked_away(day):

    tickets.take_up(now=console.NOW)
    ticket = Ticket.objects.exclude(suspense_item="")[0]
    answer = browser_of("reconciler").post(
        ask_url(ticket, "resolve"), {"reason": REASON}, follow=True
    )
    assert "Not done" in answer.content.decode()
    assert Ticket.objects.get(pk=ticket.pk).state == "open"


def test_a_lost_telephone_is_replaced_by_an_administrator(day):
    mei = operators.operator("mei", roles=["viewer"])
    browser_of("administrator").post(ask_url(mei, "reset-second-factor"), {"reason": REASON})
    assert not Authenticator.objects.filter(user=mei).exists()
    assert records("operator.second_factor_reset")[0].target == mei.public_id


def test_an_administrator_does_not_reach_above_their_rank(day, boss):
    browser = browser_of("administrator")
    assert browser.post(ask_url(boss, "reset-second-factor"), {"reason": REASON}).status_code == 403
    assert (
        browser.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 403
    )
    assert Authenticator.objects.filter(user=boss).exists()


def test_nobody_gives_themselves_a_role(day):
    omar = operators.operator("omar", roles=["administrator"])
    browser = operators.signed_in(omar)
    groups = list(Group.objects.values_list("pk", flat=True))
    browser.post(
        reverse("admin:audit_operator_change", args=[omar.pk]),
        {"username": "omar", "is_active": "on", "is_staff": "on", "groups": groups},
    )
    assert [g.name for g in omar.groups.all()] == ["administrator"]


def test_admitting_somebody_is_recorded(day):
    browser = browser_of("administrator")
    browser.post(
        reverse("admin:audit_operator_add"),
        {
            "username": "nina",
            "usable_password": "true",
            "password1": operators.PASSWORD,
            "password2": operators.PASSWORD,
        },
    )
    made = Operator.objects.get(username="nina")
    assert made.is_staff
    assert not made.is_superuser
    assert records("operator.created")[0].target == made.public_id

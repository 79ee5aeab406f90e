"""The first page: is everything explained, and if not, where to look."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from payments.channels.base import PaymentState
from payments.models import Payment
from payments.selectors import figures
from payments.selectors.figures import Result
from payments.states import PaymentState as Ours
from reconciliation.models import Ticket
from reconciliation.services import tickets
from tests.factories import console, operators
from tests.factories import payments as make

pytestmark = pytest.mark.django_db

NOW = make.NOW
GREEN, RED = "zs-all-explained", "zs-not-explained"


@pytest.fixture(autouse=True)
def the_day_of_the_factories():
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        yield


def today(browser):
    answer = browser.get(reverse("admin:index"))
    assert answer.status_code == 200
    return answer.content.decode()


def headline(page):
    return console.cut(r'<section class="zs-headline.*?</section>', page)


def words(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_a_new_console_says_that_nothing_has_happened(browser):
    page = today(browser)
    assert GREEN in page
    assert "No money has moved yet" in page
    assert "No ticket is open" in page
    assert "No statement has been compared yet" in page
    assert "Nothing: no ticket is overdue" in words(headline(page))
    assert "None<" not in page


def test_money_in_suspense_without_a_ticket_is_unexplained(day, browser):
    item = console.unplaced(day, 9900)
    page = today(browser)
    assert RED in page
    assert "99.00 CNY In suspense without a ticket" in words(headline(page))
    link = reverse("admin:payments_suspenseitem_changelist") + "?cleared_at__isnull=True"
    assert link in headline(page)
    listed = browser.get(link)
    assert item.public_id in listed.content.decode()


def test_money_in_a_ticket_is_at_work_and_not_unexplained(day, browser):
    console.unplaced(day, 9900)
    tickets.take_up(now=NOW)
    page = today(browser)
    assert GREEN in page
    assert words(headline(page)).startswith("check_circle Unexplained money 0.00 CNY")
    at_stake = sum(t.amount_minor for t in Ticket.objects.at_work())
    assert f"At work in tickets {at_stake / 100:,.2f} CNY" in words(headline(page))


def test_each_currency_has_its_own_figure(browser):
    for currency in ("CNY", "JPY", "KWD"):
        make.succeeded_payment(currency=currency)
    said = words(headline(today(browser)))
    for figure in ("0.00 CNY", "0 JPY", "0.000 KWD"):
        assert figure in said


def test_what_waits_for_a_person_is_named_and_linked(day, browser):
    Ticket.objects.update(sla_due_at=NOW - timedelta(days=1))
    page = headline(today(browser))
    assert "tickets are overdue" in page
    assert "Webhooks to deliver: 1 was given up" in page
    assert reverse("admin:merchants_webhookdelivery_changelist") + "?work=dead" in page


def test_a_queue_that_nobody_works_on_is_named(day, browser):
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        page = headline(today(operators.signed_in(operators.operator("eve", superuser=True))))
    assert "Callbacks to apply: waiting for 3 h" in page


def test_the_chart_counts_every_payment_of_a_fortnight_once(day, browser):
    make.succeeded_payment(account=day.account, of=day.merchant, now=NOW - timedelta(days=3))
    make.created_payment(of=day.merchant, now=NOW - timedelta(days=20))
    page = today(browser)
    chart = json.loads(unescape(console.cut(r'data-value="([^"]*)"', page)))
    assert len(chart["labels"]) == 14
    assert chart["labels"][-1] == "20 Nov"
    assert sum(sum(series["data"]) for series in chart["datasets"]) == Payment.objects.count() - 1


def test_it_asks_the_same_questions_of_a_full_day_as_of_a_quiet_one(day, browser):
    with CaptureQueriesContext(connection) as quiet:
        today(browser)
    console.more_payments(day, 20)
    with CaptureQueriesContext(connection) as full:
        today(browser)
    assert len(full) <= len(quiet)
    assert len(quiet) <= 45


def test_volumes_are_what_was_collected_kept_and_given_back(day):
    (volume,) = figures.volumes(since=NOW - timedelta(hours=12))
    assert (volume.currency, volume.payments) == ("CNY", 1)
    assert volume.collected_minor == 10000
    assert volume.fee_minor == 320
    assert volume.refunded_minor == 2500


def test_success_is_counted_of_the_attempts_that_are_over(day):
    make.sent_payment(account=day.account, of=day.merchant)
    (channel,) = figures.success_by_channel(since=NOW - timedelta(days=1))
    assert (channel.title, channel.succeeded, channel.failed) == ("Sandbox East", 1, 2)
    assert channel.percent == 33


def test_every_state_of_a_payment_has_a_result():
    assert set(figures.RESULTS) == set(Ours)
    assert set(figures.RESULTS.values()) == set(Result)


def test_days_are_utc_days(day):
    late = NOW.replace(hour=23, minute=59)
    make.hear(
        make.attempt_of(make.sent_payment(account=day.account, of=day.merchant, now=late)),
        PaymentState.FAILED,
        now=late,
    )
    by_day = figures.results_by_day(since=NOW - timedelta(days=1))
    assert by_day[NOW.date()][Result.FAILED] == 3

"""Every page opens, says what it has to say, and asks the database a fixed number of questions."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.admin.values import Moment
from payments.channels.base import Outcome, PaymentState
from payments.models import Attempt, Payment
from reconciliation.models import Ticket
from tests.factories import console
from tests.factories import payments as make
from tests.factories.console import unplaced
from tests.factories.reconciliation import capture_of, pending_refund

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15
NONE = re.compile(r">\s*None\s*<")


def text_of(response):
    assert response.status_code == 200, response
    return response.content.decode()


def page_of(row) -> str:
    return reverse(f"admin:{console.url_name(type(row))}_change", args=[row.public_id])


def test_every_model_has_a_row_to_show(day):
    assert set(console.lists()) - set(console.pages()) == set()


def test_every_list_opens(day, browser):
    for name, url in console.lists().items():
        assert not NONE.search(text_of(browser.get(url))), name


def test_every_row_has_a_page(day, browser):
    for name, url in console.pages().items():
        assert not NONE.search(text_of(browser.get(url))), name


def test_lists_ask_few_questions_however_many_rows_they_show(day, browser):
    counted = {}
    for name, url in console.lists().items():
        with CaptureQueriesContext(connection) as few:
            browser.get(url)
        counted[name] = len(few)
    assert {name: n for name, n in counted.items() if n > MOST_QUERIES} == {}
    console.more_payments(day, 30)
    for name, url in console.lists().items():
        with CaptureQueriesContext(connection) as many:
            browser.get(url)
        assert len(many) <= counted[name], (name, [q["sql"] for q in many])


def test_a_page_asks_as_many_questions_for_ten_refunds_as_for_one(day, browser):
    url = page_of(day.refunded)
    with CaptureQueriesContext(connection) as one:
        browser.get(url)
    for _ in range(9):
        pending_refund(day.refunded, 100)
    with CaptureQueriesContext(connection) as ten:
        browser.get(url)
    assert len(ten) <= len(one)


def test_no_list_counts_its_table(day, browser):
    with CaptureQueriesContext(connection) as queries:
        browser.get(reverse("admin:payments_payment_changelist"))
    assert [q["sql"] for q in queries if "COUNT(" in q["sql"]] == []


def test_a_payment_tells_its_story_with_the_books_beside_it(day, browser):
    page = text_of(browser.get(page_of(day.refunded)))
    for part in (
        "100.00",  # collected
        "25.00",  # refunded
        "3.20",  # 2.9 % and 0.30
        "71.80",  # left for the merchant
        "Payment captured",
        "Refund requested",
        "Refunded",
        "Channel receivable",
        "Merchant pending",
        "Harbour Tea House",
        "Sandbox East",
        "Merchant told",
        "Callback 1",
    ):
        assert part in page, part


def test_the_sums_of_debit_and_credit_stand_under_each_other(day, browser):
    page = text_of(browser.get(page_of(day.refunded)))
    sums = re.findall(r'zs-sum">(.*?)</tr>', page)
    assert sums
    for line in sums:
        debit, credit = re.findall(r"zs-money[^>]*>([\d.,]+)<", line)
        assert debit == credit


@pytest.mark.parametrize(
    ("currency", "shown"), [("JPY", "10,000"), ("KWD", "10.000"), ("CNY", "100.00")]
)
def test_amounts_have_the_decimals_of_their_currency(day, browser, currency, shown):
    payment = make.created_payment(of=day.merchant, currency=currency)
    page = text_of(browser.get(page_of(payment)))
    assert f'{shown}&nbsp;<span class="zs-currency">{currency}' in page


def test_the_flow_is_linked_in_both_directions(day, browser):
    """Order to payment to attempt, callback, capture, journal, line and ticket, and back."""
    payment = day.refunded
    attempt, capture = make.attempt_of(payment), capture_of(payment)
    receipt = attempt.channel_account.receipts.get(reference=attempt.public_id)
    ticket = Ticket.objects.get(payment=payment.public_id, kind="fee_mismatch")
    refund = payment.refunds.get()
    event = payment.merchant.events.order_by("pk").first()
    around = (payment.order, attempt, capture, refund, ticket)
    page = text_of(browser.get(page_of(payment)))
    for row in (*around, receipt):
        assert page_of(row) in page, row
        assert page_of(payment) in text_of(browser.get(page_of(row))) or row is receipt, row
    assert page_of(attempt) in text_of(browser.get(page_of(receipt)))
    journal = console.cut(r"/admin/ledger/journal/jrn_\w+/change/", page)
    about = text_of(browser.get(journal))
    assert page_of(payment) in about
    assert page_of(capture) in about or page_of(refund) in about
    line = ticket.lines.get()
    assert page_of(line.file) in text_of(browser.get(page_of(ticket)))
    assert page_of(payment) in text_of(browser.get(page_of(event)))
    assert page_of(event.deliveries.get()) in text_of(browser.get(page_of(event)))


def test_no_link_is_dead(day, browser):
    """Every address that a page of the console gives is one of its own, and opens."""
    unplaced(day, 100)
    seen = {reverse("admin:index"), *console.lists().values(), *console.pages().values()}
    found = set(seen)
    for url in seen:
        page = text_of(browser.get(url))
        found |= {unescape(href) for href in re.findall(r'href="(/admin/[^"]*)"', page)}
    for url in sorted(found):
        answer = browser.get(url)
        assert answer.status_code == 200, url
        assert "e=1" not in url


def test_an_account_shows_its_entries_with_the_running_balance(day, browser):
    page = text_of(browser.get(console.pages()["ledger.account"]))
    assert "Balance" in page
    assert "debit" in page or "credit" in page


@pytest.mark.parametrize(
    "term", ["public_id", "order.public_id", "order.reference", "attempt", "capture", "channel"]
)
def test_a_payment_is_found_by_any_id_of_its_flow(day, browser, term):
    payment = day.refunded
    attempt = make.attempt_of(payment)
    words = {
        "public_id": payment.public_id.lower(),
        "order.public_id": payment.order.public_id,
        "order.reference": payment.order.reference,
        "attempt": attempt.public_id,
        "capture": capture_of(payment).public_id,
        "channel": attempt.channel_id,
    }
    found = text_of(browser.get(reverse("admin:payments_payment_changelist"), {"q": words[term]}))
    assert page_of(payment) in found
    assert page_of(day.failed) not in found


def test_what_is_not_there_is_said(browser, db):
    listing = reverse("admin:payments_payment_changelist")
    assert "There are no payments yet" in text_of(browser.get(listing))
    assert "Nothing matches" in text_of(browser.get(listing, {"q": "nobody"}))
    gone = browser.get(reverse("admin:payments_payment_change", args=["pay_NOBODY"]), follow=True)
    assert "There is no payment pay_NOBODY" in text_of(gone)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"state__exact": "failed"}, "failed"),
        ({"created_at_from": "2026-11-20", "created_at_to": "2026-11-20"}, "all"),
        ({"created_at_from": "2026-11-21"}, "none"),
        ({"currency": "JPY"}, "none"),
        ({"mode__exact": "live"}, "none"),
        ({"merchant__public_id": "mine"}, "all"),
        ({"work": "dead"}, "none"),
    ],
)
def test_lists_are_filtered(day, browser, query, shown):
    if "merchant__public_id" in query:
        query = {"merchant__public_id": day.merchant.public_id}
    page = text_of(browser.get(reverse("admin:payments_payment_changelist"), query))
    listed = {p for p in Payment.objects.all() if page_of(p) in page}
    expected = {
        "failed": set(Payment.objects.filter(state="failed")),
        "all": set(Payment.objects.all()),
        "none": set(),
    }
    assert listed == expected[shown]


def test_payments_are_filtered_by_channel_account(day, browser):
    other = make.succeeded_payment(account=make.channel_account(title="West"), of=day.merchant)
    Attempt.objects.filter(payment=other).update(channel_account=make.channel_account(title="West"))
    west = make.attempt_of(other).channel_account
    page = text_of(
        browser.get(
            reverse("admin:payments_payment_changelist"),
            {"channel_attempts__channel_account__id__exact": west.pk},
        )
    )
    assert page_of(other) in page
    assert page_of(day.refunded) not in page


@pytest.mark.parametrize(
    "lookup",
    [
        "secret_hash__startswith",
        "merchant__name__startswith",
        "key__secret_hash__startswith",
        "sealed_secret__startswith",
        "payment__merchant__api_keys__secret_hash__startswith",
    ],
)
def test_a_query_string_is_no_oracle(day, browser, lookup):
    for url in console.lists().values():
        assert browser.get(url, {lookup: "a"}).status_code in (302, 400), url


def test_the_newest_stands_first_and_pages_go_on(day, browser):
    console.more_payments(day, 52)
    listing = reverse("admin:payments_payment_changelist")
    first, second = text_of(browser.get(listing)), text_of(browser.get(listing, {"p": 2}))
    newest, oldest = Payment.objects.order_by("-pk").first(), Payment.objects.order_by("pk").first()
    assert page_of(newest) in first
    assert page_of(oldest) not in first
    assert "Older" in first
    assert page_of(oldest) in second
    assert 'rel="next"' not in second


def test_times_are_utc_to_the_second():
    shown = str(Moment(datetime(2026, 11, 20, 9, 5, 7, tzinfo=UTC)))
    assert "2026-11-20 09:05:07" in shown
    assert "UTC" in shown


def test_pages_of_money_refuse_to_be_written(day, browser):
    for url in (page_of(day.refunded), page_of(capture_of(day.refunded))):
        browser.post(url, {"amount_minor": 1})
        assert browser.post(url.replace("change", "delete")).status_code == 403
    add = reverse("admin:payments_payment_add")
    assert browser.get(add).status_code == 403
    assert browser.post(add, {}).status_code == 403
    day.refunded.refresh_from_db()
    assert day.refunded.amount_minor == 10000


def test_merchants_are_found_by_the_beginning_of_their_name(day, browser):
    answer = browser.get(
        reverse("admin:autocomplete"),
        {
            "app_label": "payments",
            "model_name": "payment",
            "field_name": "merchant",
            "term": "harbour",
        },
    )
    (found,) = answer.json()["results"]
    assert found["text"].startswith("Harbour Tea House")
    chosen = {"merchant__id__exact": found["id"]}
    page = text_of(browser.get(reverse("admin:payments_payment_changelist"), chosen))
    assert page_of(day.refunded) in page


def test_a_payment_whose_outcome_nobody_knows_says_so(day, browser):
    payment = make.sent_payment(account=day.account, of=day.merchant)
    make.hear(make.attempt_of(payment), None, outcome=Outcome.UNKNOWN)
    page = text_of(browser.get(page_of(payment)))
    assert "The channel has not said whether it took the money" in page
    assert "Outcome unknown" in page


def test_money_that_came_late_says_so(day, browser):
    payment = make.sent_payment(account=day.account, of=day.merchant)
    attempt = make.attempt_of(payment)
    make.hear(attempt, PaymentState.FAILED)
    make.hear(make.attempt_of(payment), PaymentState.SUCCEEDED)
    page = text_of(browser.get(page_of(payment)))
    assert "Money came late" in page
    assert "after the payment had been given up" in page

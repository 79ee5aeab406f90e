"""The payer's page: readable without a mouse, safe with any text, and it leads back to the shop."""

import httpx2
import pytest

from payments.channels.base import PaymentState


@pytest.fixture
def browser():
    with httpx2.Client(trust_env=False) as browser:
        yield browser


def test_payer_reads_the_amount_and_approves(shop, browser):
    url = shop.pay("requires_redirect").next_action["url"]
    page = browser.get(url)
    answer = browser.post(url, data={"decision": "approve"})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in page.text
    assert "<h1>Pay this order?</h1>" in page.text
    assert "10.00 CNY" in page.text
    assert (answer.status_code, answer.headers["location"]) == (303, "http://shop.example/thanks")
    assert shop.query().state is PaymentState.SUCCEEDED


def test_payer_declines(shop, browser):
    url = shop.pay("requires_redirect").next_action["url"]
    browser.post(url, data={"decision": "decline"})

    assert "<h1>Declined</h1>" in browser.get(url).text
    assert shop.query().state is PaymentState.FAILED


def test_page_alone_pays_nothing(shop, browser):
    url = shop.pay("requires_redirect").next_action["url"]
    browser.get(f"{url}&decision=approve")
    browser.post(url, data={"decision": "maybe"})

    assert shop.query().state is PaymentState.REQUIRES_ACTION


def test_closed_payment_can_no_longer_be_paid(shop, browser):
    url = shop.pay("requires_redirect").next_action["url"]
    shop.cancel()
    browser.post(url, data={"decision": "approve"})

    assert "<h1>No longer payable</h1>" in browser.get(url).text
    assert shop.query().state is PaymentState.CANCELED


def test_number_closed_before_it_came_has_a_page_too(shop, simulator, browser):
    shop.cancel()

    page = browser.get(f"{simulator.address}/pay/att_1?account=cha_1")
    assert page.status_code == 200


@pytest.mark.parametrize("path", ["/pay/att_9?account=cha_1", "/pay/att_1?account=<b>", "/pay/"])
def test_unknown_order_has_a_page_that_says_so(simulator, browser, path):
    page = browser.get(f"{simulator.address}{path}")

    assert page.status_code == 404
    assert "<b>" not in page.text


def test_paid_order_leads_back_to_the_shop(shop, browser, simulator):
    shop.pay("succeed")
    page = browser.get(f"{simulator.address}/pay/att_1?account=cha_1").text

    assert "<h1>Paid</h1>" in page
    assert '<a href="http://shop.example/thanks">' in page

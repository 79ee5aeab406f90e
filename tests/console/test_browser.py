"""The console in a real browser: signing in, reading the headline, following a payment to its journal."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.factories import console, operators

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# WCAG 2.1, 1.4.3: text against what is behind it; 3 for large text.
CONTRAST = """
() => {
  const rgba = (text) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, bottom) => bottom.map((under, i) => top[i] * top[3] + under * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.push(rgba(getComputedStyle(at).backgroundColor));
    }
    return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.querySelector("#content, main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest(".zs-unseen, .material-symbols-outlined")) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const [light, dark] = [luminance(over(rgba(style.color), ground)), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
  }
  return faint;
}
"""
UNLABELLED = """
() => [...document.querySelectorAll("input:not([type=hidden]), textarea, select, button, a[href], img, canvas")]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.getAttribute("title")
                   || e.getAttribute("placeholder") || e.hasAttribute("alt") || e.textContent.trim()))
  .map((e) => e.outerHTML.slice(0, 120))
"""


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
        pytest.skip(f"no {CHROMIUM} on this machine")
    # Playwright's loop runs in this thread; Django would refuse to use the database beside it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
            yield browser
            browser.close()


@pytest.fixture
def page(chromium, live_server):
    """A page that remembers everything that went wrong on it."""
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1440, "height": 900}
    )
    page = context.new_page()
    page.wrong = []
    page.on(
        "console", lambda m: page.wrong.append(m.text) if m.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on(
        "request",
        lambda r: (
            None
            if r.url.startswith((live_server.url, "data:"))
            else page.wrong.append(f"asked {r.url}")
        ),
    )
    yield page
    context.close()


@pytest.fixture
def finance(transactional_db):
    day = console.day()
    operators.operator("mei", roles=["finance_checker", "reconciler"])
    return day


def sign_in(page):
    page.goto("/admin/")
    page.get_by_label("Username").fill("mei")
    page.get_by_label("Password").fill(operators.PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill(operators.code())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Today", exact=True).wait_for()
    page.wait_for_load_state("networkidle")


@pytest.mark.slow
def test_from_sign_in_to_the_journal_of_a_payment(page, finance):
    sign_in(page)
    headline = page.get_by_role("region", name="Unexplained money")
    assert "0.00" in headline.inner_text()
    assert page.locator("canvas.chart").bounding_box()["height"] > 100

    page.get_by_role("link", name="Payments", exact=True).click()
    page.get_by_role("link", name=finance.refunded.order.reference).first.wait_for()
    page.locator(f'a[href*="{finance.refunded.public_id}"]').first.click()
    assert "100.00" in page.get_by_role("heading", level=1).inner_text()
    page.locator("summary", has_text="What it said").click()
    assert "charge.succeeded" in page.locator("details[open] pre").inner_text()

    page.get_by_role("link", name="Payment captured").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Payment captured"
    assert page.get_by_text("Balanced").is_visible()
    debit, credit = re.findall(r"[\d.,]+", page.locator("tfoot").inner_text())
    assert debit == credit == "103.20"
    page.get_by_role("link", name=finance.refunded.order.reference).click()
    assert "Harbour Tea House" in page.content()
    assert page.wrong == []


@pytest.mark.slow
def test_the_keyboard_finds_a_payment_by_any_id(page, finance):
    sign_in(page)
    page.keyboard.press("Control+k")
    page.locator("#search-input-command:focus").wait_for()
    page.keyboard.type(finance.refunded.public_id, delay=1)
    page.locator("#command-results-list a").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="100.00").wait_for()
    assert finance.refunded.public_id in page.url
    assert page.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_and_are_named_for_those_who_listen(page, finance, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto("/accounts/login/")
    assert page.evaluate(CONTRAST) == []
    sign_in(page)
    shown = console.pages()
    for url in (
        "/admin/",
        shown["payments.payment"],
        shown["reconciliation.ticket"],
        "/admin/payments/payment/",
        shown["ledger.journal"],
    ):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(CONTRAST) == [], url
        assert page.evaluate(UNLABELLED) == [], url
        assert page.locator("h1:visible").count() == 1, url
    assert page.wrong == []


@pytest.mark.slow
def test_control_faint_text_and_nameless_buttons_are_seen(page, finance):
    sign_in(page)
    page.evaluate(
        """() => document.querySelector("#content").insertAdjacentHTML("beforeend",
            '<p id="faint">faint</p><button></button>')"""
    )
    page.evaluate("() => { document.querySelector('#faint').style.color = '#ccc'; }")
    assert any("faint" in text for text in page.evaluate(CONTRAST))
    assert page.evaluate(UNLABELLED) == ["<button></button>"]


@pytest.mark.slow
def test_lists_are_filtered_without_a_violation_of_the_policy(page, finance):
    sign_in(page)
    page.goto("/admin/payments/payment/")
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Failed").check()
    page.get_by_role("button", name="Apply Filters").click()
    page.wait_for_url("**state__exact=failed**")
    assert page.locator("#result_list tbody").count() == 2
    assert page.wrong == []

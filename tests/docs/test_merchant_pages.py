"""What merchants read is what the code does: numbers, names, programs."""

import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from drf_spectacular.generators import SchemaGenerator

import payments.api.problems  # noqa: F401 - adds its codes to the table
from ledger.money import Money
from merchants.api import fields, parsers, signatures
from merchants.api.problems import PROBLEMS
from merchants.delivery import DEADLINE_SECONDS, PUBLIC_PORTS
from merchants.events import body
from merchants.fees import Terms, fee
from merchants.models.webhook import RETRY_SECONDS
from merchants.services import idempotency, webhooks
from merchants.signing import webhooks as signing
from payments.api.frame import LONGEST_LIFE_SECONDS, SHORTEST_LIFE_SECONDS
from payments.channels.sandbox.simulation.scenarios import (
    CAPTURE_FAULTS,
    REFUND_SCENARIOS,
    SCENARIOS,
)
from payments.services.payments import DEFAULT_LIFE
from tests.docs.pages import first_column, page

WEBHOOKS = page("docs/merchants/webhooks.md")
SANDBOX = page("docs/merchants/sandbox.md")
IDEMPOTENCY = page("docs/merchants/idempotency.md").flat
SIGNING = page("docs/merchants/signing.md").flat
ERRORS = page("docs/merchants/errors.md")


def operations() -> set[str]:
    """What OpenAPI says that a merchant may call."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return {
        f"{method.upper()} {path}" for path, found in schema["paths"].items() for method in found
    }


def listed(numbers: list[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}"


def test_every_call_is_at_a_glance():
    assert set(first_column(page("docs/merchants/api.md").below("## Calls"))) == operations()


def test_the_scenarios_of_the_sandbox_are_all_there():
    assert first_column(SANDBOX.below("## Payments")) == list(SCENARIOS)
    assert first_column(SANDBOX.below("## Captures")) == list(CAPTURE_FAULTS)
    assert first_column(SANDBOX.below("## Refunds")) == list(REFUND_SCENARIOS)


def test_how_long_a_payment_lives():
    days = LONGEST_LIFE_SECONDS // 86400
    assert f"{DEFAULT_LIFE.seconds // 60} minutes" in SANDBOX.flat
    assert f"{SHORTEST_LIFE_SECONDS} seconds to {days} days" in SANDBOX.flat


def test_the_pauses_between_deliveries():
    minutes = [seconds // 60 for seconds in RETRY_SECONDS if seconds < 3600]
    hours = [seconds // 3600 for seconds in RETRY_SECONDS if seconds >= 3600]
    assert f"after {listed(minutes)} minutes, then after {listed(hours)} hours" in WEBHOOKS.flat
    assert len(RETRY_SECONDS) + 1 == 10
    assert "After ten tries it is dead" in WEBHOOKS.flat


def test_the_limits_of_webhooks():
    assert f"may have {webhooks.ENDPOINTS_PER_MERCHANT} endpoints per mode" in WEBHOOKS.flat
    assert f"ports {listed(sorted(PUBLIC_PORTS))}" in WEBHOOKS.flat
    assert DEADLINE_SECONDS == 10
    assert "within ten seconds" in WEBHOOKS.flat
    assert webhooks.OLD_SECRET_SIGNS_FOR.total_seconds() == 24 * 3600
    assert webhooks.LONGEST_RETRY_AFTER_SECONDS == 12 * 3600


def test_the_event_of_the_page_is_built_as_events_are():
    [example] = [json.loads(block) for block in WEBHOOKS.blocks("json")]
    built = json.loads(
        body(
            public_id="evt_1",
            type="payment.succeeded",
            mode="test",
            sequence=1,
            at=datetime(2026, 11, 20, tzinfo=UTC),
            data={},
        )
    )
    assert list(example) == list(built)


@pytest.fixture
def programs():
    handled: list[object] = []
    names = {"handled": handled, "remember": handled.append, "handle": handled.append}
    for block in WEBHOOKS.blocks("python"):
        exec(compile(block, WEBHOOKS.name, "exec"), names)  # noqa: S102 - the page's own code
    return SimpleNamespace(**names)


def test_the_receiver_of_the_page_takes_our_deliveries_and_no_others(programs):
    secret = signing.new_secret()
    event = '{"id":"evt_1","sequence":1}'
    headers = signing.headers(
        message_id="evt_1", at=datetime.now(UTC), body=event, secrets_in_force=[secret]
    )
    assert programs.receive(secret, headers, event.encode()) == 200
    assert programs.handled == [{"id": "evt_1", "sequence": 1}]
    assert programs.receive(secret, headers, event.encode() + b" ") == 401
    assert programs.receive(signing.new_secret(), headers, event.encode()) == 401


def test_the_reader_of_the_page_closes_gaps(programs):
    events = [{"sequence": number} for number in range(1, 8)]

    def fetch(after: int) -> list[dict[str, int]]:
        return events[after:]

    seen = 0
    for number in (1, 2, 5, 4, 6, 7):
        seen = programs.take(events[number - 1], seen, fetch)
    assert seen == 7
    assert [event["sequence"] for event in programs.handled] == [1, 2, 3, 4, 5, 6, 7]


def test_how_long_keys_and_leases_last():
    assert idempotency.KEPT.total_seconds() == 24 * 3600
    assert "at least 24 hours" in IDEMPOTENCY
    assert f"has {idempotency.LEASE.seconds} seconds" in IDEMPOTENCY


def test_the_window_of_a_signature():
    assert f"at most {signatures.WINDOW_SECONDS} seconds away" in SIGNING
    shortest, longest = signatures.NONCE_LENGTHS.start, signatures.NONCE_LENGTHS.stop - 1
    assert f"{shortest} to {longest} characters" in SIGNING
    table = set(
        re.findall(r"^\| `([a-z]+)` \|", page("docs/merchants/signing.md").text, re.MULTILINE)
    )
    assert table & signatures.ALLOWED_PARAMETERS == signatures.ALLOWED_PARAMETERS


def test_every_code_that_pages_name_is_a_problem():
    for name in ("signing", "idempotency", "webhooks", "errors"):
        text = page(f"docs/merchants/{name}.md").text
        named = set(re.findall(r"\b40\d `(\w+)`|\b42\d `(\w+)`", text))
        codes = {code for pair in named for code in pair if code}
        assert codes - set(PROBLEMS) == set()
    refused = page("docs/merchants/signing.md").below("## What is refused")
    codes = set(re.findall(r"\| `(\w+)` \|$", refused, re.MULTILINE))
    assert codes == {c for c, p in PROBLEMS.items() if p.status == 401}


def test_the_error_of_the_page_is_one_of_ours():
    [example] = [json.loads(block) for block in ERRORS.blocks("json")]
    problem = PROBLEMS[example["code"]]
    assert (example["status"], example["title"]) == (problem.status, problem.title)
    assert example["type"].endswith(f"/v1/problems/{example['code']}")


def test_the_limits_of_a_body():
    assert fields.MAX_AMOUNT == 10**12
    assert "from 1 to 10^12" in ERRORS.flat
    assert f"more than {parsers.MAX_BODY_BYTES // 1024} KiB" in ERRORS.flat
    assert f"more than {parsers.MAX_DEPTH} levels" in ERRORS.flat


def test_the_balance_at_the_end_of_the_quick_start():
    quick_start = page("docs/merchants/quick-start.md").flat
    first, second = (
        Money(amount, "CNY").amount_minor - fee(Money(amount, "CNY"), Terms(290, 0))
        for amount in (10000, 4900)
    )
    pending = first + second - 4000
    assert f"you have {Money(first, 'CNY').major()}" in quick_start
    assert f"plus {Money(second, 'CNY').major()}" in quick_start
    assert f"`{pending}` pending" in quick_start

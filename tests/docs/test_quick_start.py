"""A newcomer's ten minutes: the commands of docs/merchants/quick-start.md, run as they are printed."""

import io
import itertools
import json
import re
import shlex
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command

from audit.actor import Actor, ActorKind
from merchants.tasks import deliver_webhooks
from payments.channels.sandbox.control import Control
from payments.channels.sandbox.simulator import serve
from payments.drafts import ChannelAccountDraft
from payments.services import channel_accounts
from payments.tasks import apply_callbacks
from tests.docs.pages import page

PAGE = page("docs/merchants/quick-start.md")
SECRET = b"a secret between two processes of a test"
PRINTED_IDS = re.compile(r"\b(?:mch|pay|key)_[0-9A-Z]{26,}\b")
# What is different each time.
FRESH = {"id", "order", "expires_at", "created_at"}


@pytest.fixture
def bank(tmp_path):
    with serve(book=tmp_path / "book.sqlite3", pace=0.05) as simulator:
        yield simulator.address


@pytest.fixture
def platform(transactional_db, live_server, settings, bank):
    """What `make up` and `load_demo` leave behind: an address, and an account at the sandbox."""
    settings.PUBLIC_BASE_URL = live_server.url
    account = channel_accounts.open_account(
        draft=ChannelAccountDraft(
            channel="sandbox", mode="test", title="Bank", base_url=bank, secret=SECRET
        ),
        by=Actor(kind=ActorKind.SYSTEM, id="test"),
        now=datetime.now(UTC),
    )
    with closing(Control(bank)) as control:
        control.open_account(account.public_id, SECRET)
    return live_server.url


class Terminal:
    """Runs printed commands: ids on the page stand for the ids of this run."""

    def __init__(self, api: str) -> None:
        self.variables = {"API": api}
        self.ids: dict[str, str] = {}

    def manage(self, words: list[str]) -> str:
        said = io.StringIO()
        call_command(*words[words.index("manage.py") + 1 :], stdout=said)
        return said.getvalue()

    def curl(self, words: list[str]) -> tuple[int, dict[str, Any]]:
        given = dict(itertools.pairwise(words))
        headers = [after for word, after in itertools.pairwise(words) if word == "-H"]
        request = urllib.request.Request(  # noqa: S310 - our own live server
            next(word for word in words if word.startswith("http")),
            method=given.get("-X", "GET"),
            data=given["-d"].encode() if "-d" in given else None,
            headers=dict(header.split(": ", 1) for header in headers),
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read())

    def words(self, line: str) -> list[str]:
        for name, value in self.variables.items():
            line = line.replace(f"${name}", value)
        for printed, real in self.ids.items():
            line = line.replace(printed, real)
        return shlex.split(line)


def lines(heading: str) -> list[str]:
    text = PAGE.text.partition(f"## {heading}")[2].partition("\n## ")[0]
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]


@pytest.fixture
def terminal(platform):
    """After section 1: a merchant with a key."""
    found = Terminal(platform)
    create, issue = [line for line in lines("1.") if "create_merchant" in line or "issue" in line]
    [printed] = PRINTED_IDS.findall(issue)
    found.ids[printed] = found.manage(found.words(create)).split()[0]
    said = dict(line.split(None, 1) for line in found.manage(found.words(issue)).splitlines())
    found.variables["KEY"] = said["secret"]
    return found


def run(terminal: Terminal, heading: str) -> list[tuple[int, dict[str, Any]]]:
    return [terminal.curl(terminal.words(line)) for line in lines(heading) if "curl" in line]


@pytest.mark.slow
@pytest.mark.journey
def test_the_page_from_the_first_payment_to_the_balance(terminal):
    [(status, paid)] = run(terminal, "2.")
    [shown] = [json.loads(block) for block in PAGE.blocks("json")]
    assert status == 201
    assert {k: v for k, v in paid.items() if k not in FRESH | {"latest_attempt"}} == {
        k: v for k, v in shown.items() if k not in FRESH | {"latest_attempt"}
    }
    assert [*paid["latest_attempt"]] == [*shown["latest_attempt"]]
    assert run(terminal, "2.") == [(201, paid)]
    terminal.ids[shown["id"]] = str(paid["id"])

    ask, look = lines("3.")
    status, unknown = terminal.curl(terminal.words(ask))
    assert (status, unknown["state"]) == (201, "processing")
    assert unknown["latest_attempt"]["outcome_unknown"]
    [printed] = set(PRINTED_IDS.findall(look))
    terminal.ids[printed] = str(unknown["id"])
    for _ in range(50):
        apply_callbacks()
        status, known = terminal.curl(terminal.words(look))
        if known["state"] == "succeeded":
            break
    assert (status, known["state"]) == (200, "succeeded")

    [(status, refund)] = run(terminal, "4.")
    assert (status, refund["amount"]) == (201, 4000)

    (_, balances), (_, moved), (_, events) = run(terminal, "5.")
    assert balances["data"] == [{"currency": "CNY", "pending": 10468, "available": 0, "held": 0}]
    assert moved["data"][0]["running_balance"] == 10468
    assert [event["sequence"] for event in events["data"]] == [1, 2, 3]
    deliver_webhooks()


@pytest.mark.slow
@pytest.mark.journey
def test_the_page_signs_a_request_that_counts_once(terminal, tmp_path):
    issue, sign = lines("6.")
    issue, sign = (line.replace("private.pem", str(tmp_path / "k.pem")) for line in (issue, sign))
    said = dict(line.split(None, 1) for line in terminal.manage(terminal.words(issue)).splitlines())
    printed = next(one for one in PRINTED_IDS.findall(sign) if one.startswith("key_"))
    terminal.ids[printed] = said["key"]
    words = shlex.split(terminal.manage(terminal.words(sign)))
    assert terminal.curl(words)[0] == 200
    status, problem = terminal.curl(words)
    assert (status, problem["code"]) == (401, "nonce_reused")

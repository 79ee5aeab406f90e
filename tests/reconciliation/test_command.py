"""`manage.py reconcile`: the contract's JSON, a table for people, and an exit status that can be trusted."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from payments.channels.base import PaymentState
from payments.models import Capture
from payments.services import outcomes
from reconciliation.models import Run, Ticket
from tests.factories import payments as make
from tests.factories.reconciliation import DAY, charge, statement, unknown_charge

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make.channel_account()


@pytest.fixture
def file(account, tmp_path):
    """A statement with a line that agrees, one that heals, one too many and a stranger."""
    payment, stuck = make.succeeded_payment(account=account), make.sent_payment(account=account)
    path = tmp_path / "statement.csv"
    rows = [charge(payment), charge(payment), charge(stuck), unknown_charge()]
    path.write_bytes(statement(account, rows))
    return path


def reconcile(*args):
    out = StringIO()
    status = 0
    try:
        call_command("reconcile", "--channel", "sandbox", *map(str, args), stdout=out)
    except SystemExit as stopped:
        status = stopped.code
    return out.getvalue(), status


def test_it_answers_with_the_contracts_json(file):
    text, status = reconcile("--date", DAY, "--file", file, "--json")

    answer = json.loads(text)
    run = Run.objects.get()
    assert status == 0
    assert answer == {
        "run": run.public_id,
        "lines": 4,
        "matched": 1,
        "discrepancies": {"duplicate_line": 1, "missing_here": 1},
        "healed": 1,
        "tickets": [t.public_id for t in Ticket.objects.at_work().order_by("pk")],
    }
    assert len(answer["tickets"]) == 2


def test_asked_again_it_answers_the_same(file):
    asked = [reconcile("--date", DAY, "--file", file, "--json") for _ in range(2)]
    assert asked[0] == asked[1]


def test_people_get_a_table_that_ends_in_the_headline(file):
    text, _ = reconcile("--date", DAY, "--file", file)
    assert "At the channel, not here" in text
    assert "Unexplained money: CNY\N{NO-BREAK SPACE}0.00" in text


def test_it_fetches_the_statement_from_the_channel(channel, control):
    today = datetime.now(UTC).date()
    control.plant(channel.public_id, today, "unknown_line")
    text, status = reconcile("--date", today, "--json")
    assert (status, json.loads(text)["discrepancies"]) == (0, {"missing_here": 1})


def test_it_says_no_when_money_is_unexplained(account, file):
    elsewhere = make.sent_payment(account=account)
    make.hear(make.attempt_of(elsewhere), PaymentState.SUCCEEDED)
    Capture.objects.filter(payment=elsewhere).update(settled_at=make.NOW)

    text, status = reconcile("--date", DAY, "--file", file, "--json")

    assert status == 1
    assert json.loads(text)["lines"] == 4


def test_a_statement_that_cannot_be_had_is_a_no(account):
    with pytest.raises(CommandError) as failed:
        reconcile("--date", DAY, "--json")
    assert failed.value.returncode == 1


def test_a_statement_that_cannot_be_read_is_a_no_with_its_line(file):
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CommandError, match="line 6: the end line is missing") as failed:
        reconcile("--date", DAY, "--file", file)
    assert failed.value.returncode == 1


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["--date", DAY, "--account", "cha_nobody"], id="an account of nobody"),
        pytest.param(["--date", DAY, "--file", "/nowhere"], id="a file that is not there"),
    ],
)
def test_calling_it_wrongly_is_neither(account, args):
    with pytest.raises(CommandError) as failed:
        reconcile(*args)
    assert failed.value.returncode == 2


def test_where_a_channel_has_several_accounts_one_has_to_be_named(account, file):
    make.channel_account(title="Another")
    with pytest.raises(CommandError, match="Which --account"):
        reconcile("--date", DAY, "--file", file)

    _, status = reconcile("--date", DAY, "--file", file, "--account", account.public_id)
    assert status == 0


def test_a_payment_that_only_the_statement_knew_is_healed_by_the_one_road(
    account, tmp_path, monkeypatch
):
    roads = []
    real = outcomes.apply
    monkeypatch.setattr(
        outcomes, "apply", lambda **said: (roads.append(said["source"]), real(**said))[1]
    )
    path = tmp_path / "statement.csv"
    path.write_bytes(statement(account, [charge(make.sent_payment(account=account))]))

    reconcile("--date", DAY, "--file", path)

    assert roads == [Run.objects.get().file.public_id]

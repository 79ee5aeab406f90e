import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ledger.management.commands import trial_balance
from tests.ledger.books import NOON, as_superuser, bank, commit_would, fees, pending, post, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books():
    post(transfer("cap_1", 123_456, debit=bank(), credit=fees()))
    post(
        transfer("cap_2", 50, debit=bank("JPY"), credit=pending(currency="JPY")),
        now=NOON + timedelta(days=1),
    )
    commit_would()


def run(*arguments):
    """(exit code, standard output)"""
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as stop:
        return stop.code, out.getvalue()
    return 0, out.getvalue()


def break_the_books():
    as_superuser("UPDATE ledger_entry SET amount_minor = 1 WHERE account_id = %s", bank().id)


def test_a_proof_as_json_is_what_the_contract_says():
    code, out = run("verify_ledger", "--json")
    proof = json.loads(out)
    assert code == 0
    assert list(proof) == ["ok", "checked", "violations", "seconds"]
    assert (proof["ok"], proof["violations"]) == (True, [])
    assert proof["checked"] == {"accounts": 4, "journals": 2, "entries": 4}
    assert isinstance(proof["seconds"], float)


def test_violated_books_exit_with_1_and_name_the_rows():
    break_the_books()
    code, out = run("verify_ledger", "--json")
    proof = json.loads(out)
    assert (code, proof["ok"]) == (1, False)
    assert {"check": "balances_continue", "table": "ledger_entry", "id": f"{bank().id}/1"} in [
        {name: violation[name] for name in ("check", "table", "id")}
        for violation in proof["violations"]
    ]
    assert all(list(v) == ["check", "table", "id", "detail"] for v in proof["violations"])


def test_people_read_that_the_books_hold_or_which_rows_do_not():
    assert run("verify_ledger")[1].startswith(
        "The books hold: 4 accounts, 2 journals, 4 entries in "
    )
    break_the_books()
    code, out = run("verify_ledger")
    assert code == 1
    assert "violations: 4 accounts" in out
    without_frame = re.sub(r"[\s│]", "", out)
    assert "balances_continue" in without_frame
    assert "…" not in out


def test_the_trial_balance_as_json_is_in_minor_units_and_sums_to_zero():
    code, out = run("trial_balance", "--json")
    trial = json.loads(out)
    assert (code, trial["holds"], trial["at"]) == (0, True, None)
    assert {
        "books": "live",
        "currency": "CNY",
        "kind": "bank",
        "debit": 123_456,
        "credit": 0,
        "balance": 123_456,
    } in (trial["rows"])
    assert [(t["currency"], t["balance"]) for t in trial["totals"]] == [("CNY", 0), ("JPY", 0)]


@pytest.mark.parametrize(
    ("at", "currencies"),
    [
        ("2026-11-20", ["CNY"]),
        ("2026-11-20T12:00:00Z", ["CNY"]),
        ("2026-11-20T20:00:00+08:00", ["CNY"]),
        ("2026-11-20T11:59:59", []),
        ("2026-11-21", ["CNY", "JPY"]),
    ],
)
def test_the_trial_balance_goes_back_to_a_time_or_to_the_end_of_a_day(at, currencies):
    _, out = run("trial_balance", "--at", at, "--json")
    assert [total["currency"] for total in json.loads(out)["totals"]] == currencies


def test_people_read_the_trial_balance_in_major_units():
    _, out = run("trial_balance")
    assert "1,234.56" in out
    assert "Fee income" in out
    assert "Nothing was posted" in run("trial_balance", "--at", "2001-01-01")[1]


def test_a_trial_balance_that_does_not_sum_to_zero_exits_with_1():
    break_the_books()
    code, out = run("trial_balance", "--json")
    assert (code, json.loads(out)["holds"]) == (1, False)


@pytest.mark.parametrize("at", ["yesterday", "2026-02-30", "2026-11-20T25:00", ""])
def test_a_time_that_is_none_is_a_wrong_call(at):
    with pytest.raises(CommandError, match="neither a date nor a time"):
        run("trial_balance", "--at", at)


def test_a_wrong_call_from_the_shell_exits_with_2():
    command = trial_balance.Command()
    command._called_from_command_line = True
    parser = command.create_parser("manage.py", "trial_balance")
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(["--at", "yesterday"])
    assert stop.value.code == 2

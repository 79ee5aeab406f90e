"""Statements: kept verbatim, read all or nothing, the same bytes once."""

from datetime import timedelta

import pytest

from audit.models import Record
from reconciliation.models import Run, Settlement, StatementFile, StatementLine, Ticket
from reconciliation.services import imports, runs
from reconciliation.services.imports import StatementRefused
from tests.factories import payments as make
from tests.factories.reconciliation import DAY, charge, compared, statement, unknown_charge

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make.channel_account()


@pytest.fixture
def good(account):
    """Two lines that agree with two payments."""
    rows = [charge(make.succeeded_payment(account=account)) for _ in range(2)]
    return statement(account, rows)


def bring(account, data, *, day=DAY):
    return runs.reconcile(
        channel_account=account, business_date=day, file=data, by=make.BY, now=make.NOW
    )


def nothing_was_half_written():
    return not any(model.objects.exists() for model in (StatementLine, Run, Ticket, Settlement))


def changed(data, old, new):
    assert old in data
    return data.replace(old, new, 1)


@pytest.mark.parametrize(
    ("damage", "line_number"),
    [
        pytest.param(lambda data: data[:0], 1, id="empty"),
        pytest.param(lambda data: data[: len(data) // 2], 2, id="cut in the middle of a line"),
        pytest.param(lambda data: data[: data.rindex(b"end,")], 4, id="without its end"),
        pytest.param(lambda data: data[:-1], 4, id="without its last byte"),
        pytest.param(lambda data: changed(data, b"100.00", b"1e4"), 2, id="an amount as 1e4"),
        pytest.param(lambda data: changed(data, b"100.00", b"900.00"), 4, id="another amount"),
        pytest.param(lambda data: changed(data, b"charge,", b"charge,,"), 2, id="a field more"),
        pytest.param(lambda data: b"\xff\xfe" + data, 1, id="bytes that are not UTF-8"),
        pytest.param(lambda data: b"<html>" + data, 1, id="another header"),
        pytest.param(lambda data: data + data, 5, id="twice in one file"),
    ],
)
def test_a_damaged_file_is_kept_named_by_line_and_nothing_of_it_is_used(
    account, good, damage, line_number
):
    data = damage(good)

    with pytest.raises(StatementRefused) as refused:
        bring(account, data)

    kept = StatementFile.objects.get()
    assert nothing_was_half_written()
    assert (kept.state, bytes(kept.raw)) == ("refused", data)
    assert kept.refused_line == refused.value.line_number == line_number
    assert kept.due_at is None


def test_a_file_for_another_day_is_refused_with_its_first_line(account, good):
    with pytest.raises(StatementRefused, match="is of 2026-11-20, the statement is for 2026-11-19"):
        bring(account, good, day=DAY - timedelta(days=1))
    assert nothing_was_half_written()


def test_a_file_of_another_account_is_refused(account, good):
    other = make.channel_account(title="Another")
    with pytest.raises(StatementRefused, match="is about account"):
        bring(other, good)
    assert nothing_was_half_written()


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"amount_minor": 0}, "not a positive number"),
        ({"reference": "r" * 129}, "more than 128 characters"),
        ({"reference": "nul\x00"}, ""),
    ],
)
def test_what_no_line_may_say_is_refused_with_the_line(account, says, reason):
    with pytest.raises(StatementRefused, match=f"line 2: .*{reason}"):
        compared(account, [unknown_charge().but(**says)])
    assert nothing_was_half_written()


def test_a_good_file_after_a_damaged_one_is_used(account, good):
    with pytest.raises(StatementRefused):
        bring(account, good[:-1])

    run = bring(account, good)

    assert run.matched_count == 2
    assert sorted(StatementFile.objects.values_list("state", flat=True)) == ["compared", "refused"]


def test_the_same_damaged_file_is_refused_again_and_kept_once(account, good):
    for _ in range(2):
        with pytest.raises(StatementRefused):
            bring(account, good[:-1])
    assert StatementFile.objects.count() == 1


def test_the_same_bytes_are_the_same_file_and_the_arrival_is_on_record(account, good):
    for _ in range(2):
        bring(account, good)

    kept = StatementFile.objects.get()
    record = Record.objects.get(action="statement.uploaded")
    assert bytes(kept.raw) == good
    assert record.target == kept.public_id
    assert record.detail["sha256"] == kept.sha256
    assert kept.lines.count() == kept.line_count == 2


def test_a_statement_of_no_lines_is_a_statement(account):
    run = compared(account, [])
    assert (run.state, run.line_count) == ("finished", 0)


def test_more_bytes_than_we_take_are_not_kept(account, good, monkeypatch):
    monkeypatch.setattr(imports, "MAX_BYTES", len(good) - 1)
    with pytest.raises(imports.StatementTooLarge):
        bring(account, good)
    assert not StatementFile.objects.exists()

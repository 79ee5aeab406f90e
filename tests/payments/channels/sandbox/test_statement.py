"""The sandbox's statement: whole or not at all, and with the differences that were planted."""

from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest

from payments.channels.base import (
    Credentials,
    PaymentState,
    RefundState,
    ReportKind,
    StatementInvalid,
)
from payments.channels.sandbox import statement
from payments.channels.sandbox.adapter import SandboxAdapter
from payments.channels.sandbox.signing import statement_signature

OURS = Credentials(account_id="cha_1", base_url="", secret=b"the secret of cha_1")
ROWS = (
    "kind,reference,channel_id,amount,currency,fee,state,occurred_at\n"
    "charge,att_1,sbc_1,10.00,CNY,0.06,PAID,2026-11-20T10:00:00+00:00\n"
    "charge,att_2,sbc_2,500,JPY,3,PAID,2026-11-20T10:30:00.123456+00:00\n"
    "refund,ref_1,sbr_1,3.00,CNY,0.00,SUCCEEDED,2026-11-20T11:00:00+00:00\n"
    "sum,CNY,1,10.00,1,3.00,0.06\n"
    "sum,JPY,1,500,0,0,3\n"
)


def sealed(rows=ROWS, *, count=3, account="cha_1", secret=OURS.secret):
    signature = statement_signature(secret=secret, lines=rows.encode())
    return f"{rows}end,{account},2026-11-20,{count},{signature}\n".encode()


def parse(data):
    return list(statement.parse(data, credentials=OURS))


def refused(data):
    with pytest.raises(StatementInvalid) as invalid:
        parse(data)
    return invalid.value.line_number, invalid.value.reason


def test_rows_are_read_in_order_with_their_line_numbers():
    first, second, third = parse(sealed())

    assert (first.kind, first.reference, first.channel_id) == (ReportKind.PAYMENT, "att_1", "sbc_1")
    assert (first.amount_minor, first.currency, first.fee_minor) == (1000, "CNY", 6)
    assert (first.state, first.line_number) == (PaymentState.SUCCEEDED, 2)
    assert first.occurred_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert first.raw == ROWS.splitlines()[1]
    assert (second.amount_minor, second.currency, second.fee_minor) == (500, "JPY", 3)
    assert (third.kind, third.state) == (ReportKind.REFUND, RefundState.SUCCEEDED)


def test_day_without_movements_is_an_empty_statement():
    header = ROWS.splitlines(keepends=True)[0]

    assert parse(sealed(header, count=0)) == []


@pytest.mark.parametrize("length", range(0, len(sealed()), 7))
def test_file_cut_short_anywhere_is_refused(length):
    assert refused(sealed()[:length])


def test_file_cut_short_names_its_last_line():
    data = sealed()

    assert refused(data[: data.index(b"refund")]) == (
        3,
        "the end line is missing: the file was cut short",
    )


@pytest.mark.parametrize(
    ("old", "new", "line_number"),
    [
        (b"10.00,CNY,0.06,PAID", b"10.0,CNY,0.06,PAID", 2),
        (b"10.00,CNY,0.06,PAID", b"10.00,CNY,PAID", 2),
        (b"att_1,sbc_1", b"att_1,", 2),
        (b"500,JPY,3", b"500.00,JPY,3", 3),
        (b"sbc_2", b"sbc_\xff", 3),
        (b"sbc_2", b"sbc_\x00", 3),
        (b"SUCCEEDED", b"PAID", 4),
        (b"refund,", b"payout,", 4),
        (b"2026-11-20T11:00:00+00:00", b"2026-02-30T11:00:00+00:00", 4),
        (b"2026-11-20T11:00:00+00:00", b"2026-11-20T11:00:00", 4),
        (b"sum,CNY,1", b"sum,CNY,one", 5),
        (b"kind,", b"art,", 1),
    ],
)
def test_damaged_line_is_named(old, new, line_number):
    assert refused(sealed().replace(old, new, 1))[0] == line_number


@pytest.mark.parametrize(
    ("rows", "count", "line_number"),
    [
        (ROWS.replace("sum,CNY,1,10.00", "sum,CNY,1,10.01"), 3, 5),
        (ROWS.replace("sum,CNY,1,10.00,1", "sum,CNY,2,10.00,1"), 3, 5),
        (ROWS.replace("sum,JPY,1,500,0,0,3\n", "sum,JPY,1,500,0,0,2\n"), 3, 6),
        (ROWS.replace("sum,JPY,1,500,0,0,3\n", ""), 3, 6),
        (ROWS, 4, 7),
    ],
)
def test_sums_that_do_not_add_up_are_refused_though_signed(rows, count, line_number):
    assert refused(sealed(rows, count=count))[0] == line_number


def test_changed_amount_with_changed_sums_is_refused():
    changed = ROWS.replace("10.00", "11.00")
    signature = sealed().rsplit(b",", 1)[1]

    assert refused(f"{changed}end,cha_1,2026-11-20,3,".encode() + signature) == (
        7,
        "the signature does not match",
    )


def test_line_hidden_after_the_end_is_refused():
    assert refused(sealed() + b"charge,att_9,sbc_9,10.00,CNY,0.06,PAID,2026-11-20T10:00:00+00:00\n")


def test_other_accounts_statement_is_refused():
    assert "cha_2" in refused(sealed(account="cha_2"))[1]
    assert refused(sealed(secret=b"the secret of cha_2"))[1] == "the signature does not match"


# From here on with the simulator.


def fetch(adapter):
    return list(adapter.parse_statement(adapter.fetch_statement(today())))


def today():
    return datetime.now(UTC).date()


def references(rows):
    return [row.reference for row in rows]


@pytest.fixture
def paid(shop):
    return [shop.pay("succeed", f"att_{number}", amount_minor=1000) for number in (1, 2, 3)]


def test_statement_of_another_day_does_not_have_todays_charges(adapter, paid):
    data = adapter.fetch_statement(today() - timedelta(days=1))

    assert list(adapter.parse_statement(data)) == []


def test_statement_has_only_its_own_accounts_lines(adapter, simulator, control, client, paid):
    control.open_account("cha_2", b"the secret of cha_2")
    theirs = SandboxAdapter(
        Credentials(account_id="cha_2", base_url=simulator.address, secret=b"the secret of cha_2"),
        client,
    )

    assert fetch(theirs) == []
    assert references(fetch(adapter)) == ["att_1", "att_2", "att_3"]


def test_fee_is_rounded_half_to_even(shop, control):
    control.open_account("cha_1", OURS.secret, fee_bps=50)
    # 0.5 % of these is 0.5, 1.5 and 2.5 minor units.
    for amount_minor in (100, 300, 500):
        shop.pay("succeed", f"att_{amount_minor}", amount_minor=amount_minor)

    assert [row.fee_minor for row in fetch(shop.adapter)] == [0, 2, 2]


def test_fee_has_a_fixed_part(shop, control):
    control.open_account("cha_1", OURS.secret, fee_bps=290, fee_fixed_minor=30)
    shop.pay("succeed")

    assert [row.fee_minor for row in fetch(shop.adapter)] == [59]


def test_planted_unknown_line_is_about_nobody_we_know(adapter, control, paid):
    reference = control.plant("cha_1", today(), "unknown_line")
    rows = fetch(adapter)

    assert references(rows) == ["att_1", "att_2", "att_3", reference]


def test_planted_differences_change_one_line_each(adapter, control, paid):
    before = fetch(adapter)
    amount = control.plant("cha_1", today(), "amount_differs")
    fee = control.plant("cha_1", today(), "fee_differs")
    after = fetch(adapter)

    changed = {
        row.reference: (row.amount_minor - old.amount_minor, row.fee_minor - old.fee_minor)
        for old, row in zip(before, after, strict=True)
    }
    assert changed.pop(amount) == (1, 0)
    assert changed.pop(fee) == (0, 1)
    assert set(changed.values()) == {(0, 0)}


def test_planted_duplicate_and_omission_are_about_the_given_lines(adapter, control, paid):
    control.plant("cha_1", today(), "duplicate_line", reference="att_1")
    control.plant("cha_1", today(), "omit_line", reference="att_2")

    assert references(fetch(adapter)) == ["att_1", "att_1", "att_3"]


def test_planting_moves_no_money(control, paid):
    before = control.book()
    for kind in ("unknown_line", "amount_differs", "fee_differs", "duplicate_line"):
        control.plant("cha_1", today(), kind)

    assert control.book() == before


def test_nothing_is_planted_on_a_day_without_charges(control):
    with pytest.raises(httpx2.HTTPStatusError):
        control.plant("cha_1", date(2026, 1, 1), "omit_line")


def test_unknown_kind_of_difference_is_refused(control):
    with pytest.raises(httpx2.HTTPStatusError):
        control.plant("cha_1", today(), "steal")

"""Each field takes one spelling of a value; payments lean on these."""

import json

import pytest
from rest_framework import serializers

from ledger.money import DIGITS
from merchants.api.fields import (
    AmountField,
    CurrencyField,
    FlagField,
    MetadataField,
    PublicIdField,
    QueryNumberField,
    QueryTimeField,
    TextField,
    WholeNumberField,
)
from merchants.api.parsers import parse
from merchants.api.serializers import StrictSerializer
from tests.merchants.api.bad_inputs import BAD_AMOUNTS, BAD_CURRENCIES


class Everything(StrictSerializer):
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    metadata = MetadataField(required=False)
    reference = TextField(max_length=5, required=False)
    count = WholeNumberField(min_value=0, max_value=9, required=False)
    flag = FlagField(required=False)
    payment = PublicIdField(prefix="pay", required=False)
    page = QueryNumberField(required=False)
    since = QueryTimeField(required=False)
    server = serializers.CharField(read_only=True)


def codes(**data):
    reading = Everything(data=data)
    if reading.is_valid():
        return None
    return {name: [detail.code for detail in details] for name, details in reading.errors.items()}


@pytest.mark.parametrize(
    ("name", "text"), BAD_AMOUNTS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_bad_amount_is_amount_invalid(name, text):
    amount = parse(b'{"amount":%s}' % text)["amount"]
    assert codes(amount=amount) == {"amount": ["amount_invalid"]}


@pytest.mark.parametrize("amount", [1, 1000, 10**12])
def test_a_good_amount_is_taken_as_it_is(amount):
    reading = Everything(data={"amount": amount})
    assert reading.is_valid()
    assert reading.validated_data == {"amount": amount}


@pytest.mark.parametrize("currency", [*BAD_CURRENCIES, None, 156, True, ["CNY"], {"a": 1}])
def test_a_bad_currency_is_currency_unsupported(currency):
    assert codes(currency=currency) == {"currency": ["currency_unsupported"]}


def test_every_currency_of_the_books_is_taken():
    assert not [c for c in DIGITS if codes(currency=c)]


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        "x",
        1,
        None,
        {"a": 1},
        {"a": None},
        {"a": ["x"]},
        {"a": {"b": "c"}},
        {"": "x"},
        {"k" * 41: "x"},
        {"a": "x" * 501},
        {str(n): "x" for n in range(51)},
    ],
)
def test_metadata_is_a_flat_object_of_texts(metadata):
    assert list(codes(metadata=metadata)) == ["metadata"]


def test_good_metadata_is_kept_as_it_was():
    metadata = {"订单": " spaces stay ", "empty": ""}
    reading = Everything(data={"metadata": metadata})
    assert reading.is_valid()
    assert reading.validated_data["metadata"] == metadata


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", 1),
        ("reference", True),
        ("reference", None),
        ("reference", ""),
        ("reference", "   "),
        ("reference", "123456"),
        ("reference", "a\u202eb"),
        ("reference", ["a"]),
        ("count", "1"),
        ("count", 1.0),
        ("count", True),
        ("count", -1),
        ("count", 10),
        ("count", 2**63),
        ("flag", "true"),
        ("flag", 1),
        ("flag", "on"),
        ("flag", None),
        ("payment", "ord_01J00000000000000000000000"),
        ("payment", "pay_01J0000000000000000000000"),
        ("payment", "pay_01J0000000000000000000000U"),
        ("payment", "pay_01J00000000000000000000000\n"),
        ("payment", 5),
        ("page", "1.0"),
        ("page", "\uff11"),
        ("page", "+1"),
        ("page", "1" * 19),
        ("since", "2026-11-20"),
        ("since", "2026-11-20T12:00:00"),
        ("since", "2026-13-20T12:00:00Z"),
        ("since", "yesterday"),
    ],
)
def test_another_spelling_is_refused(field, value):
    assert list(codes(**{field: value})) == [field]


@pytest.mark.parametrize("name", ["server", "id", "Amount", "amount "])
def test_an_unknown_or_read_only_field_is_refused(name):
    assert codes(**{name: "x"}) == {name: ["field_unknown"]}


def test_a_text_keeps_its_spaces():
    reading = Everything(data=json.loads('{"reference": " a "}'))
    assert reading.is_valid()
    assert reading.validated_data["reference"] == " a "

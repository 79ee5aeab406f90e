"""Secrets by name, card numbers by shape."""

import pytest

from audit.ids import new_id
from audit.redaction import MASK, holds_card_number, mask_cards, redacted

# Card schemes' published test numbers.
TEST_CARDS = ["4242424242424242", "5555555555554444", "378282246310005", "6011111111111117"]


@pytest.mark.parametrize("card", TEST_CARDS)
@pytest.mark.parametrize(
    "spelt",
    [
        "{}",
        "card {} please",
        "({})",
        "x:{};",
    ],
)
def test_card_numbers_are_found_however_they_stand(card, spelt):
    text = spelt.format(card)

    assert holds_card_number(text)
    assert card not in mask_cards(text)
    assert card[-4:] in mask_cards(text)


@pytest.mark.parametrize("separator", [" ", "-"])
def test_card_numbers_in_groups_are_found(separator):
    text = separator.join(["4242"] * 4)

    assert holds_card_number(text)
    assert "4242-4242" not in mask_cards(text)


def test_full_width_digits_are_digits():
    full_width = "4242424242424242".translate({ord("0") + n: 0xFF10 + n for n in range(10)})

    assert holds_card_number(full_width)


@pytest.mark.parametrize(
    "text",
    ["order 20261120-000123", "4242424242424241", "0000000000000000", "+86 139 1234 5678", ""],
)
def test_ordinary_numbers_are_left_alone(text):
    assert not holds_card_number(text)
    assert mask_cards(text) == text


def test_our_own_ids_are_never_taken_for_cards():
    assert not any(holds_card_number(new_id("pay")) for _ in range(5_000))


def test_secrets_are_masked_at_any_depth():
    seen = redacted(
        {
            "api_key": "k",
            "headers": [{"Authorization": "Bearer x"}],
            "note": "paid by 4242424242424242",
            "amount": 5,
        }
    )

    assert seen == {
        "api_key": MASK,
        "headers": [{"Authorization": MASK}],
        "note": "paid by ************4242",
        "amount": 5,
    }

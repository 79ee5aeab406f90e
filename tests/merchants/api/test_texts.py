"""Card numbers are found however they are written, and innocent numbers are left alone."""

# ruff: noqa: RUF001 - characters that look like others are what is tested

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.api.texts import is_card_data, is_clean, is_sensitive_name

CARDS = [
    "4111111111111111", "4012888888881881", "4222222222222", "5555555555554444",
    "5105105105105100", "2223003122003222", "378282246310005", "371449635398431",
    "6011111111111117", "3530111333300000", "30569309025904", "38520000023237",
    "6200000000000005", "6304000000000000", "6759649826438453",
]  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(
    "spelling",
    [
        lambda c: c,
        lambda c: " ".join(c[i : i + 4] for i in range(0, len(c), 4)),
        lambda c: "-".join(c[i : i + 4] for i in range(0, len(c), 4)),
        lambda c: ".".join(c[i : i + 4] for i in range(0, len(c), 4)),
        lambda c: "\u2013".join(c[i : i + 4] for i in range(0, len(c), 4)),
        lambda c: "\u00a0".join(c[i : i + 4] for i in range(0, len(c), 4)),
        lambda c: f"card:{c};",
        lambda c: f"order 5 {c} 12/29",
        lambda c: "".join(chr(ord("０") + int(d)) for d in c),
        lambda c: "".join(chr(ord("٠") + int(d)) for d in c),
    ],
)
def test_a_card_number_is_found_in_every_spelling(card, spelling):
    assert is_card_data(spelling(card))


def test_at_most_one_in_a_thousand_order_numbers_is_refused():
    generator = random.Random(1)

    def number():
        day = f"2026{generator.randint(1, 12):02}{generator.randint(1, 28):02}"
        serial = generator.randint(0, 10**8)
        return generator.choice(
            [
                f"{day}{serial:08}",
                f"{day}-{serial:08}",
                f"SO-{day}-{serial:08}",
                f"{day}{generator.randint(0, 235959):06}{serial % 10**4:04}",
                f"17{generator.randint(0, 10**11):011}",
                str(uuid.UUID(int=generator.getrandbits(128), version=4)),
                f"#{serial}",
            ]
        )

    refused = [n for n in (number() for _ in range(10_000)) if is_card_data(n)]
    assert len(refused) <= 10


@given(st.uuids())
def test_a_uuid_is_never_taken_for_a_card(key):
    assert not is_card_data(str(key))


def test_a_uuid_of_digits_alone_is_none_either():
    assert not is_card_data("41111111-1111-1111-1111-111111111111")


@pytest.mark.parametrize(
    "text", ["4111111111111112", "411111111111111", "1234567890123456", "x4111111111111111y", ""]
)
def test_what_is_no_card_number_is_let_through(text):
    assert not is_card_data(text)


@pytest.mark.parametrize("text", ["支付", "Ünïcödé", "a\u3000b", "\u00a0", "🫖 tea", "🫨", "a b"])
def test_ordinary_text_is_clean(text):
    assert is_clean(text)


@pytest.mark.parametrize("name", ["cvv", "CVC2", "card_cvv", "Security Code", "ＣＶＶ", "track-2"])
def test_security_codes_are_known_by_name(name):
    assert is_sensitive_name(name)


@pytest.mark.parametrize("name", ["reference", "track_number", "tracking", "card", "discvv"])
def test_other_names_are_let_through(name):
    assert not is_sensitive_name(name)

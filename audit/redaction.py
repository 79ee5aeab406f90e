"""What must never reach a log, a record or a page: secrets by name, card numbers by shape."""

import re
from collections.abc import Mapping
from typing import Any

SECRET_NAMES = re.compile(
    r"secret|password|passwd|authorization|private|api_?key|cvv|cvc|cvn|track_?[12]|(^|_)pin($|_)",
    re.IGNORECASE,
)
MASK = "[redacted]"
# 13 to 19 digits with at most one space or dash between: what ISO/IEC 7812 calls a PAN.
CARD_SHAPED = re.compile(r"(?<![\dA-Za-z])\d(?:[ -]?\d){12,18}(?![\dA-Za-z])")


def redacted(value: Any) -> Any:
    """The same shape with secrets masked and card numbers cut to their last four digits."""
    if isinstance(value, Mapping):
        return {
            str(k): MASK if SECRET_NAMES.search(str(k)) else redacted(v) for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    if isinstance(value, str):
        return mask_cards(value)
    return value


def mask_cards(text: str) -> str:
    """Every Luhn-valid card-shaped run of digits becomes asterisks and its last four."""
    return CARD_SHAPED.sub(_mask, text)


def holds_card_number(text: str) -> bool:
    """Whether a Luhn-valid run of 13 to 19 digits stands in the text (Unicode digits too)."""
    return any(_luhn(_digits(run.group())) for run in CARD_SHAPED.finditer(_ascii_digits(text)))


def _mask(match: re.Match[str]) -> str:
    digits = _digits(match.group())
    return f"{'*' * (len(digits) - 4)}{digits[-4:]}" if _luhn(digits) else match.group()


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _ascii_digits(text: str) -> str:
    return "".join(str(int(c)) if c.isdecimal() else c for c in text)


def _luhn(digits: str) -> bool:
    doubled = [
        int(d) if i % 2 == 0 else sum(divmod(int(d) * 2, 10))
        for i, d in enumerate(reversed(digits))
    ]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 1

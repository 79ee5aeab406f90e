"""Which characters and digits may stand in what merchants send."""

import re
import unicodedata
from collections.abc import Iterator

from audit.redaction import holds_card_number

# Control, format (bidi, zero-width, tags), surrogate, and line and paragraph separator characters.
FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# What a card's security code or stripe is called, once case and punctuation are gone.
SENSITIVE_NAMES = re.compile(
    r"(?:card)?(?:cvv2?|cvc2?|cvn2?|csc|securitycode|verificationvalue)"
    r"|card(?:number|no|num)|primaryaccountnumber|pinblock|track(?:data|[123](?:data)?)"
)
SHORTEST_CARD, LONGEST_CARD = 13, 19
# A UUID of many digits can look like a card number; merchants use UUIDs everywhere, and cards are
# never written so.
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# Groups of digits with one separator between: how people write card numbers.
GROUPS = re.compile(r"(?<![0-9A-Za-z])[0-9]+(?:[ ./_-][0-9]+)*(?![0-9A-Za-z])", re.ASCII)
# The ranges that card schemes issue from (ISO/IEC 7812), each with its lengths: without them one
# order number in ten of that length would be taken for a card.
ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|62\d{14,17}"  # UnionPay
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}(?:\d{3})?"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?"  # JCB
    r"|3(?:0[0-5]|[689]\d)\d{11,16}"  # Diners
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,15}",  # Maestro
    re.ASCII,
)


def is_clean(text: str) -> bool:
    """Nothing that hides, turns or breaks the text where a person reads it."""
    return text.isprintable() or not any(_is_forbidden(c) for c in text)


def is_card_data(text: str) -> bool:
    """A card number in any spelling of digits that a reader would take for one."""
    if len(text) < SHORTEST_CARD:
        return False
    plain = UUID.sub(" ", _plain(text))
    return any(_is_card(number) for run in GROUPS.findall(plain) for number in _joined(run))


def is_sensitive_name(name: str) -> bool:
    plain = "".join(c for c in unicodedata.normalize("NFKC", name).lower() if c.isalnum())
    return bool(SENSITIVE_NAMES.fullmatch(plain))


def _is_forbidden(character: str) -> bool:
    noncharacter = ord(character) & 0xFFFE == 0xFFFE
    return noncharacter or unicodedata.category(character) in FORBIDDEN_CATEGORIES


def _plain(text: str) -> str:
    """Every script's digits as 0 to 9, every dash as -, every space as a space."""
    return text if text.isascii() else "".join(_ascii(c) for c in text)


def _ascii(character: str) -> str:
    if character.isdecimal():
        return str(int(character))
    category = unicodedata.category(character)
    return {"Pd": "-", "Zs": " "}.get(category, character)


def _joined(run: str) -> Iterator[str]:
    """Whole groups next to each other, as long as a card: "no 5 4111 1111 1111 1111" holds one."""
    groups = re.split(r"[ ./_-]", run)
    for first in range(len(groups)):
        number = ""
        for group in groups[first:]:
            number += group
            if len(number) > LONGEST_CARD:
                break
            if len(number) >= SHORTEST_CARD:
                yield number


def _is_card(number: str) -> bool:
    return bool(ISSUED.fullmatch(number)) and holds_card_number(number)

"""Which characters and digits may stand in what merchants send."""

import re
import unicodedata

from audit.redaction import holds_card_number

# Control, format (bidi, zero-width, tags), surrogate, and line and paragraph separator characters.
FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# What a card's security code or stripe is called, once case and punctuation are gone.
SENSITIVE_NAMES = re.compile(
    r"(?:card)?(?:cvv2?|cvc2?|cvn2?|csc|securitycode|verificationvalue)"
    r"|card(?:number|no|num)|primaryaccountnumber|pinblock|track(?:data|[123](?:data)?)"
)


def is_clean(text: str) -> bool:
    """Nothing that hides, turns or breaks the text where a person reads it."""
    return text.isprintable() or not any(_is_forbidden(c) for c in text)


def is_card_data(text: str) -> bool:
    """A card number in any spelling of digits that a reader would take for one."""
    return holds_card_number(text)


def is_sensitive_name(name: str) -> bool:
    plain = "".join(c for c in unicodedata.normalize("NFKC", name).lower() if c.isalnum())
    return bool(SENSITIVE_NAMES.fullmatch(plain))


def _is_forbidden(character: str) -> bool:
    noncharacter = ord(character) & 0xFFFE == 0xFFFE
    return noncharacter or unicodedata.category(character) in FORBIDDEN_CATEGORIES

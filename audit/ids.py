"""Public ids: a prefix that names the kind, then a ULID, so that ids sort by birth.

The ULID specification (github.com/ulid/spec): 48 bits of milliseconds, 80 bits of randomness,
Crockford's base 32.
"""

import os
import threading
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIXES = {
    "mch": "merchant",
    "key": "API key",
    "ord": "order",
    "pay": "payment",
    "att": "attempt",
    "cap": "capture",
    "ref": "refund",
    "dis": "dispute",
    "pyo": "payout",
    "evt": "event",
    "whe": "webhook endpoint",
    "whd": "webhook delivery",
    "acc": "ledger account",
    "jrn": "journal",
    "stm": "statement",
    "rec": "reconciliation run",
    "tkt": "ticket",
    "apr": "approval",
    "cha": "channel account",
    "cbk": "callback receipt",
    "sus": "suspense item",
    "set": "settlement",
    "opr": "operator",
    "aud": "audit record",
    "req": "request",
}
RANDOM_BITS = 80
PUBLIC_ID_LENGTH = 30

_lock = threading.Lock()
_last: tuple[int, int, int] = (0, 0, 0)


def new_id(prefix: str) -> str:
    """A fresh public id such as `pay_01JD…`; within one process each is greater than the one before.

    Raises KeyError for a prefix that is not in PREFIXES.
    """
    if prefix not in PREFIXES:
        raise KeyError(prefix)
    return f"{prefix}_{_ulid()}"


def _ulid() -> str:
    global _last  # noqa: PLW0603 - the monotonic clause of the ULID spec needs the last value
    with _lock:
        pid, last_ms, last_random = _last
        now_ms = time.time_ns() // 1_000_000
        random = int.from_bytes(os.urandom(RANDOM_BITS // 8)) >> 1
        # After a fork the child must not continue its parent's sequence.
        if pid == os.getpid() and now_ms <= last_ms:
            now_ms, random = last_ms, last_random + 1
        _last = (os.getpid(), now_ms, random)
    return _base32((now_ms << RANDOM_BITS) | random)


def _base32(value: int) -> str:
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))

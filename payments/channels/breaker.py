"""A circuit breaker per channel account: after failures in a row, stop asking for a while, then try one call."""

import threading
from datetime import UTC, datetime, timedelta

from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    CircuitBreaker,
    CircuitMemoryStorage,
)


class CircuitOpen(Exception):
    """The channel account failed too often just now; nothing was sent."""


class Breaker:
    """pybreaker's states, driven from outside.

    `CircuitBreaker.call` holds its lock while the call runs: one slow channel answer would queue every
    other payment of the account behind it. So a call is admitted, runs without the lock, and is counted.
    """

    def __init__(self, name: str, *, fail_max: int, reset_seconds: float) -> None:
        self._storage = CircuitMemoryStorage(STATE_CLOSED)
        self._circuit = CircuitBreaker(
            fail_max=fail_max, reset_timeout=reset_seconds, state_storage=self._storage, name=name
        )
        self._lock = threading.Lock()
        self._probing = False

    @property
    def state(self) -> str:
        return self._storage.state

    def admit(self) -> None:
        """Raises CircuitOpen; while half open, one call alone may try."""
        with self._lock:
            if self.state == STATE_CLOSED:
                return
            if self.state == STATE_OPEN and self._rested():
                self._circuit.half_open()
                self._probing = False
            if self.state == STATE_OPEN or self._probing:
                raise CircuitOpen
            self._probing = True

    def succeeded(self) -> None:
        with self._lock:
            self._probing = False
            self._storage.reset_counter()
            # A slow call of before may succeed while the circuit is open; the trial call decides, not it.
            if self.state == STATE_HALF_OPEN:
                self._circuit.close()

    def failed(self) -> None:
        with self._lock:
            self._probing = False
            self._storage.increment_counter()
            failures_in_a_row = self._storage.counter >= self._circuit.fail_max
            if self.state == STATE_HALF_OPEN or (self.state == STATE_CLOSED and failures_in_a_row):
                self._circuit.open()

    def _rested(self) -> bool:
        opened_at = self._storage.opened_at
        pause = timedelta(seconds=self._circuit.reset_timeout)
        return opened_at is None or datetime.now(UTC) >= opened_at + pause

"""Processes are killed on the way and come back: whoever needs one of them asks again until it has."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx2
from django.db import InterfaceError, OperationalError, close_old_connections

AWAY = (OperationalError, InterfaceError, httpx2.TransportError)
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.5

T = TypeVar("T")


def patiently(ask: Callable[[], T]) -> T:
    """What `ask` answers; it may be asked several times. Raises what it raised in the end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        close_old_connections()
        try:
            return ask()
        except AWAY:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)

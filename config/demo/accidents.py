"""What goes wrong with our own machine on the way: a worker process is killed, and comes back."""

import signal
import time
from typing import Any

from config.demo.results import Accident
from config.embedded import control, processes
from config.embedded.processes import Identity

COMES_BACK_SECONDS = 30.0


def kill_worker() -> Identity:
    """`kill -9`, as the kernel does it when memory runs out. Raises KeyError without a worker."""
    found = _worker()
    victim = Identity(pid=found["pid"], started=found["started"])
    processes.ask(victim, signal.SIGKILL)
    return victim


def came_back(victim: Identity) -> Accident:
    """Waits until the supervisor has started another one."""
    deadline = time.monotonic() + COMES_BACK_SECONDS
    while not _is_replaced(victim) and time.monotonic() < deadline:
        time.sleep(0.2)
    return Accident(f"the worker (process {victim.pid})", came_back=_is_replaced(victim))


def _is_replaced(victim: Identity) -> bool:
    found = _worker()
    return found["state"] == "up" and found["pid"] not in (None, victim.pid)


def _worker() -> dict[str, Any]:
    return control.status().processes["worker"]

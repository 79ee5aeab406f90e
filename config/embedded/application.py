"""The processes of Zerosum itself: simulator, web, worker, beat."""

import http.client
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded import processes
from config.embedded.places import Account
from config.embedded.programs import Program

LOOPBACK = "127.0.0.1"
PROBE_SECONDS = 0.5


class PortTaken(Exception):
    """No socket to be had: most often the port that PORT names is somebody else's."""


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Where the outside finds web and simulator. The web's socket is the supervisor's own: while
    gunicorn starts again, callers wait in its queue and are not refused."""

    web: socket.socket
    simulator_port: int

    @property
    def web_port(self) -> int:
        port: int = self.web.getsockname()[1]
        return port

    @property
    def web_url(self) -> str:
        return f"http://{LOOPBACK}:{self.web_port}"

    @property
    def simulator_url(self) -> str:
        return f"http://{LOOPBACK}:{self.simulator_port}"


def open_doors(*, wanted: str, before: Mapping[str, int]) -> Doors:
    """`wanted` is PORT's text; `before` the ports of the last run, kept while they are free."""
    if wanted:
        web = _listen(int(wanted)) if wanted.isdigit() else None
    else:
        web = _listen(before.get("web", 0)) or _listen(0)
    if web is None:
        raise PortTaken(f"PORT={wanted}: this port cannot be listened on")
    simulator = _listen(before.get("simulator", 0)) or _listen(0)
    if simulator is None:
        raise PortTaken("no port is free for the simulator")
    with simulator:
        return Doors(web=web, simulator_port=simulator.getsockname()[1])


def programs(
    *, doors: Doors, book: Path, environment: Mapping[str, str], account: Account | None
) -> list[Program]:
    """In the order in which they start."""

    def program(name: str, *words: str, **more: object) -> Program:
        return Program(
            name=name,
            command=[sys.executable, *words],
            environment=environment,
            account=account,
            **more,  # type: ignore[arg-type]
        )

    return [
        program(
            "simulator",
            *["manage.py", "simulate_channels", "--port", str(doors.simulator_port)],
            *["--book", str(book)],
            is_ready=lambda _: _accepts(doors.simulator_port),
        ),
        program(
            "web",
            *["-m", "gunicorn", "config.wsgi:application", "--bind", f"fd://{doors.web.fileno()}"],
            *["--worker-class", "gthread", "--workers", "2", "--threads", "8"],
            *["--no-control-socket", "--graceful-timeout", "8"],
            is_ready=lambda _: _answers(doors.web_port),
            keep_open=[doors.web.fileno()],
        ),
        program(
            "worker",
            *["-m", "celery", "-A", "config.celery", "worker", "--pool", "prefork"],
            *["--concurrency", "3", "--prefetch-multiplier", "1", "--loglevel", "INFO"],
            *["--without-gossip", "--without-mingle"],
            is_ready=processes.has_children,  # it forks its pool when it has loaded our code
            patience_seconds=20.0,
        ),
        program(
            "beat",
            *["-m", "celery", "-A", "config.celery", "beat", "--loglevel", "INFO", "--pidfile="],
        ),
    ]


def _listen(port: int) -> socket.socket | None:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen(256)
    except (OSError, OverflowError):
        listening.close()
        return None
    return listening


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

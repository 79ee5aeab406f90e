"""A program that is kept running, and the watch over it."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from config.embedded import processes
from config.embedded.places import CHECKOUT, Account

# Between a death and the next start: at once, then longer and longer, until it has run well.
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
RAN_WELL_SECONDS = 30.0
PROBE_EVERY_SECONDS = 0.05


class State(StrEnum):
    STARTING = "starting"
    UP = "up"
    WAITING = "waiting"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run, as whom, and how to see that it serves."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    account: Account | None
    directory: Path = CHECKOUT
    is_ready: Callable[[int], bool] = lambda _: True
    before_start: Callable[[], None] = lambda: None
    last_signal: int = signal.SIGTERM
    patience_seconds: float = 10.0
    keep_open: Sequence[int] = ()
    hopeless_deaths: int = 3  # without having been up: it will not come up by one more start


@dataclass
class Watched:
    """One program under watch. `look` is called often and never waits."""

    program: Program
    log: Path
    state: State = State.STOPPED
    identity: processes.Identity | None = None
    starts: int = 0
    deaths_in_a_row: int = 0
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _started_at: float = 0.0
    _next_start_at: float = 0.0

    def start(self) -> None:
        self.program.before_start()
        self.starts += 1
        self._started_at = time.monotonic()
        with self.log.open("ab") as output:
            try:
                self._process = self._spawn(output.fileno())
            except OSError as error:  # no memory, no such file: as good as a quick death
                output.write(f"{error}\n".encode())
                self._wait_for_next_start()
                return
        self.identity = processes.identify(self._process.pid)
        self.state = State.STARTING

    def look(self) -> None:
        """Notice a death, start again when it is time, notice readiness."""
        if self._process is not None and self._process.poll() is not None:
            self._bury(self._process.pid)
        if self.state is State.WAITING and time.monotonic() >= self._next_start_at:
            self.start()
        if self.state is State.STARTING and self._is_ready():
            self.state = State.UP
        if self.state is State.UP and time.monotonic() - self._started_at > RAN_WELL_SECONDS:
            self.deaths_in_a_row = 0

    def wait_until_ready(self, *, seconds: float) -> bool:
        """For whoever watches nothing else meanwhile."""

        def settled() -> bool:
            self.look()
            return self.state is State.UP or self.is_hopeless

        processes.wait_until(settled, seconds=seconds, every=PROBE_EVERY_SECONDS)
        return self.state is State.UP

    @property
    def is_hopeless(self) -> bool:
        return self.deaths_in_a_row >= self.program.hopeless_deaths

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.program.last_signal)
        self.state = State.STOPPED

    def stop(self) -> None:
        """Ask, wait, then kill it and whatever it left in its group."""
        self.ask_to_stop()
        if self._process is None:
            return
        try:
            self._process.wait(self.program.patience_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        processes.kill_group(self._process.pid)
        self._process = None
        self.identity = None

    def last_words(self, *, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _is_ready(self) -> bool:
        return self._process is not None and self.program.is_ready(self._process.pid)

    def _spawn(self, output: int) -> "subprocess.Popen[bytes]":
        return processes.spawn(
            self.program.command,
            environment=self.program.environment,
            account=self.program.account,
            directory=self.program.directory,
            output=output,
            last_signal=self.program.last_signal,
            keep_open=self.program.keep_open,
        )

    def _bury(self, pid: int) -> None:
        processes.kill_group(pid)  # a killed master's children would go on alone
        self._process = None
        self.identity = None
        self._wait_for_next_start()

    def _wait_for_next_start(self) -> None:
        self.deaths_in_a_row += 1
        delay = FIRST_DELAY_SECONDS * 2 ** (self.deaths_in_a_row - 1)
        if self.deaths_in_a_row == 1 and self.state is State.UP:
            delay = 0.0
        self._next_start_at = time.monotonic() + min(delay, LONGEST_DELAY_SECONDS)
        self.state = State.WAITING

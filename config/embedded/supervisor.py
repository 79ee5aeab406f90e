"""Starts the process tree, keeps it running, and takes it down in order."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from config.embedded import application, places, postgres, processes, servers
from config.embedded.programs import Program, State, Watched
from config.embedded.tree import Record, Tree

LOOK_EVERY_SECONDS = 0.1
SERVER_START_SECONDS = 30.0
APPLICATION_START_SECONDS = 120.0
LARGEST_LOG_BYTES = 10_000_000
STOP_ORDER = ("beat", "web", "worker", "simulator", "valkey", "postgres")


class StopAsked(Exception):
    """A signal, or `down`, wants the tree to end."""


class BootFailed(Exception):
    """The tree did not come up; the text says which program, and its last words."""


def supervise(tree: Tree, *, servers_only: bool) -> int:
    """Runs until a signal. The exit status of the process."""
    with tree.lock() as ours:
        if not ours:
            say("already running")
            return 0
        return Supervisor(tree, servers_only=servers_only, environ=os.environ).run()


def sweep(tree: Tree) -> None:
    """End what an earlier supervisor left behind. Only under the tree's lock."""
    record = tree.read()
    left = {*processes.marked(tree.directory), *filter(processes.alive, record.identities())}
    if left:
        say(f"ending {len(left)} processes of an earlier run")
    for identity in left:
        processes.ask(identity, signal.SIGTERM)
    processes.wait_until(lambda: not any(map(processes.alive, left)), seconds=10)
    for identity in left:
        processes.end(identity, with_signal=signal.SIGKILL, patience_seconds=5)
    for data in (tree.directory / "postgres").glob("data-*"):
        postgres.end_leftover(data)
    if record.temporary:
        shutil.rmtree(record.temporary, ignore_errors=True)
    tree.write(Record(ports=record.ports))


def say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


class Supervisor:
    def __init__(self, tree: Tree, *, servers_only: bool, environ: Mapping[str, str]) -> None:
        self.tree = tree
        self.servers_only = servers_only
        self.environ = environ
        self.watched: dict[str, Watched] = {}
        self.record = Record()
        self._stop_asked = False

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note_signal)
        try:
            sweep(self.tree)
            self._boot()
            while True:
                self._look()
        except StopAsked:
            return 0
        except (BootFailed, application.PortTaken, postgres.ClusterRefused) as failure:
            self.record.failure = str(failure)
            say(f"start failed: {failure}")
            return 1
        finally:
            self._take_down()

    def _boot(self) -> None:
        self.record = Record(phase="starting", ports=self.tree.read().ports)
        self._write()
        ours = self._start_servers()
        if not self.servers_only:
            self._start_application(ours)
        self.record.phase = "ready"
        self._write()
        say("ready" + (f": {self.record.addresses['console']}" if not self.servers_only else ""))

    def _start_servers(self) -> servers.Servers:
        account = self.tree.account
        ours = servers.servers_in(
            self.tree.directory,
            sockets=self._socket_directory(),
            state=self.tree.directory,
            account=account,
            environ=self.environ,
        )
        ours.create()
        names = [self._start(program) for program in ours.programs(mark=self.tree.mark)]
        self._furnish(ours, names)
        self.record.environment = ours.variables(self.environ, role=postgres.APP)
        self.record.owner_environment = ours.variables(self.environ, role=postgres.OWNER)
        return ours

    def _furnish(self, ours: servers.Servers, names: list[str]) -> None:
        while True:
            self._wait_for(names, seconds=SERVER_START_SECONDS)
            try:
                return ours.furnish()
            except psycopg.OperationalError:  # it fell over meanwhile; the next look sees it
                self._look()

    def _start_application(self, ours: servers.Servers) -> None:
        account = places.application_account(self.tree.account, state=self.tree.directory)
        doors = application.open_doors(
            wanted=self.environ.get("PORT", ""), before=self.record.ports
        )
        self._announce(doors)
        secrets = servers.secrets_in(self.tree.directory, account=account, environ=self.environ)
        common = (
            {"DJANGO_SETTINGS_MODULE": "config.settings.local"}
            | servers.inherited(self.environ, ours)
            | secrets
            | self.tree.mark
            | ({"HOME": account.home} if account else {})
        )
        book = places.room(self.tree.directory, "simulator", account) / "book.sqlite3"
        self._prepare(common | self.record.owner_environment, account)
        names = [
            self._start(program)
            for program in application.programs(
                doors=doors,
                book=book,
                environment=common | self.record.environment,
                account=account,
            )
        ]
        self._wait_for(names, seconds=APPLICATION_START_SECONDS)

    def _announce(self, doors: application.Doors) -> None:
        self.record.ports = {"web": doors.web_port, "simulator": doors.simulator_port}
        found = {"SANDBOX_CHANNEL_URL": doors.simulator_url}
        if not self.environ.get("PUBLIC_BASE_URL"):
            found["PUBLIC_BASE_URL"] = doors.web_url
        self.record.environment |= found
        self.record.owner_environment |= found
        self.record.addresses = {
            "console": f"{doors.web_url}/admin/",
            "web": doors.web_url,
            "simulator": doors.simulator_url,
        }

    def _prepare(self, environment: Mapping[str, str], account: places.Account | None) -> None:
        """Migrations, grants, roles, schedule. Once more when a server fell over meanwhile."""
        for _ in range(3):
            say("preparing the database")
            starts_before = self._server_starts()
            step = processes.spawn(
                [sys.executable, "-m", "config.embedded.preparation"],
                environment=environment,
                account=account,
                directory=places.CHECKOUT,
                output=None,
            )
            try:
                while step.poll() is None:
                    self._look()
            finally:
                processes.kill_group(step.pid)
                step.wait()
            if step.returncode == 0:
                return
            if self._server_starts() == starts_before:
                break
        raise BootFailed("the database could not be prepared (see above)")

    def _start(self, program: Program) -> str:
        log = self.tree.logs / f"{program.name}.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        self.watched[program.name] = Watched(program, log=log)
        self.watched[program.name].start()
        return program.name

    def _wait_for(self, names: list[str], *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while missing := [name for name in names if self.watched[name].state is not State.UP]:
            self._look()
            for name in missing:
                one = self.watched[name]
                if one.is_hopeless or time.monotonic() > deadline:
                    raise BootFailed(f"{name} does not come up\n{one.last_words()}")

    def _look(self) -> None:
        if self._stop_asked:
            raise StopAsked
        for one in self.watched.values():
            before = one.state, one.starts
            one.look()
            if (one.state, one.starts) != before:
                self._report(one)
        time.sleep(LOOK_EVERY_SECONDS)

    def _report(self, one: Watched) -> None:
        again = " again" if one.starts > 1 else ""
        say(f"{one.program.name} is {one.state}{again}")
        self._write()

    def _server_starts(self) -> int:
        return sum(
            one.starts for name, one in self.watched.items() if name in {"postgres", "valkey"}
        )

    def _socket_directory(self) -> Path:
        """In the state directory when a socket's path may be as long as that."""
        inside = self.tree.directory / "run"
        if len(str(inside)) <= places.LONGEST_SOCKET_DIRECTORY:
            return places.room(self.tree.directory, "run", self.tree.account)
        chosen = places.temporary_room(self.tree.account)
        self.record.temporary = str(chosen)
        self._write()
        return chosen

    def _take_down(self) -> None:
        self.record.phase = "stopping"
        self._write()
        for name in STOP_ORDER:
            if name in self.watched:
                self.watched[name].stop()
        if self.record.temporary:
            shutil.rmtree(self.record.temporary, ignore_errors=True)
        self.record = Record(ports=self.record.ports, failure=self.record.failure)
        self.watched.clear()
        self._write()
        say("stopped")

    def _write(self) -> None:
        self.record.processes = {
            name: {
                "state": str(one.state),
                "pid": one.identity.pid if one.identity else None,
                "started": one.identity.started if one.identity else None,
                "restarts": max(one.starts - 1, 0),
            }
            for name, one in self.watched.items()
        }
        self.tree.write(self.record)

    def _note_signal(self, number: int, frame: object) -> None:  # noqa: ARG002 - signal's signature
        self._stop_asked = True

"""The process tree under accidents: nothing stays down, nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config.embedded import places, processes
from config.embedded.tree import Tree
from tests.config.embedded.conftest import postmaster_of, until


@pytest.fixture(scope="module")
def place(module_place):
    """One for all: a test then starts warm."""
    return module_place


@pytest.fixture
def servers(embedded, place):
    """PostgreSQL and Valkey under a supervisor, in the background."""
    done = embedded("up", "--servers", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    return Running(place, embedded)


class Running:
    def __init__(self, place, embedded):
        self.tree = Tree(directory=place, account=places.unprivileged_account())
        self.embedded = embedded

    def pid(self, name):
        return self.tree.read().processes[name]["pid"]

    def kill_and_wait(self, name):
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)

        def is_back():
            now = self.tree.read().processes[name]
            return now["state"] == "up" and now["pid"] != before

        until(is_back)

    def identities(self):
        return [processes.identify(self.pid(name)) for name in self.tree.read().processes]

    def nothing_left(self):
        until(lambda: not processes.marked(self.tree.directory))
        return not self.tree.is_locked()

    def database(self):
        return psycopg.connect(self.tree.read().owner_environment["DATABASE_URL"], autocommit=True)


def test_two_starts_are_one(servers):
    before = servers.identities()
    again = servers.embedded("up", "--servers", "--wait")
    assert again.returncode == 0
    assert servers.identities() == before


def test_killed_servers_are_back_with_their_data(servers):
    with servers.database() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    servers.kill_and_wait("postgres")
    servers.kill_and_wait("valkey")
    with servers.database() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    status = json.loads(servers.embedded("status", "--json").stdout)
    assert status["processes"]["postgres"]["restarts"] == 1


def test_down_leaves_nothing(servers):
    left = servers.identities()
    done = servers.embedded("down")
    assert done.stdout.strip() == "stopped"
    assert not any(map(processes.alive, left))
    assert servers.nothing_left()
    assert servers.embedded("status").returncode == 1


def test_terminated_supervisor_leaves_nothing(servers):
    left = servers.identities()
    os.kill(servers.tree.supervisor().pid, signal.SIGTERM)
    until(lambda: not servers.tree.is_locked())
    assert not any(map(processes.alive, left))
    assert servers.nothing_left()


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels tell no child of it")
def test_servers_of_a_killed_supervisor_end_by_themselves(servers):
    left = servers.identities()
    os.kill(servers.tree.supervisor().pid, signal.SIGKILL)
    until(lambda: not any(map(processes.alive, left)))
    again = servers.embedded("up", "--servers", "--wait")
    assert again.returncode == 0, again.stdout + again.stderr


def test_next_start_ends_what_an_earlier_one_left(servers):
    stray = processes.spawn(
        ["/bin/sleep", "600"],
        environment=servers.tree.mark,
        account=None,
        directory=places.CHECKOUT,
        output=None,
    )
    servers.embedded("down")
    assert stray.wait(10) == -signal.SIGTERM


def test_strangers_are_left_alone(servers):
    """A state file that names a pid which is somebody else's by now."""
    stranger = subprocess.Popen(["/bin/sleep", "600"])
    try:
        servers.embedded("down")
        record = servers.tree.read()
        record.processes = {"worker": {"pid": stranger.pid, "started": "long ago"}}
        servers.tree.write(record)
        servers.embedded("down")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_named_servers_are_not_started(embedded):
    done = embedded(
        *["up", "--servers", "--wait"],
        DATABASE_URL="postgres://elsewhere/db",
        CACHE_URL="redis://elsewhere/0",
    )
    assert done.returncode == 0
    assert json.loads(embedded("status", "--json").stdout)["processes"] == {}


def test_long_state_directory_gets_its_sockets_elsewhere(embedded, place):
    deep = place / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir(mode=0o711)
    started = embedded("up", "--servers", "--wait", state=deep)
    temporary = Path(Tree(directory=deep, account=None).read().temporary)
    assert temporary.is_dir()
    embedded("down", state=deep)
    assert started.returncode == 0, started.stdout + started.stderr
    assert temporary.is_absolute()
    assert not temporary.exists()


def test_unusable_state_directory_is_named(embedded, tmp_path):
    (tmp_path / "file").touch()
    done = embedded("up", "--servers", state=tmp_path / "file")
    assert done.returncode == 1
    assert done.stderr.startswith("zerosum: ZEROSUM_STATE_DIR")


def test_restarted_postmaster_is_still_not_root(servers):
    servers.kill_and_wait("postgres")
    pid = postmaster_of(servers.tree.directory)
    assert Path(f"/proc/{pid}").stat().st_uid != 0

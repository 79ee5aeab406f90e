"""`exec`: a command beside servers of its own, which go with it."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config.embedded import places, processes
from tests.config.embedded.conftest import environment, until

ASK = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT current_user").fetchone()[0])
print(redis.from_url(os.environ["CACHE_URL"]).config_get("maxmemory-policy")["maxmemory-policy"])
print(redis.from_url(os.environ["CACHE_URL"]).config_get("appendonly")["appendonly"])
raise SystemExit(7)
"""


def test_exec_hands_on_the_servers_and_the_exit_status(embedded):
    done = embedded("exec", "--", sys.executable, "-c", ASK)
    assert done.stdout.split() == ["zerosum_owner", "noeviction", "yes"]
    assert done.returncode == 7
    assert _directories_mentioned(done.stdout) == []


def test_exec_starts_no_server_that_is_named(embedded):
    done = embedded(
        *["exec", "--", sys.executable, "-c"],
        "import os; print(os.environ['DATABASE_URL'], os.environ['BROKER_URL'])",
        DATABASE_URL="postgres://elsewhere/db",
        CACHE_URL="redis://elsewhere/0",
    )
    assert done.stdout.split() == ["postgres://elsewhere/db", "redis://elsewhere/1"]


def test_exec_leaves_the_settings_to_the_command(embedded):
    ask = "import os; print(os.environ.get('DJANGO_SETTINGS_MODULE'))"
    named = {"DATABASE_URL": "postgres://x/y", "CACHE_URL": "redis://x"}
    unset = embedded("exec", "--", sys.executable, "-c", ask, **named)
    chosen = embedded(
        *["exec", "--", sys.executable, "-c", ask],
        DJANGO_SETTINGS_MODULE="config.settings.production",
        **named,
    )
    assert unset.stdout.strip() == "None"
    assert chosen.stdout.strip() == "config.settings.production"


def test_exec_of_nothing_that_exists_fails(embedded):
    done = embedded(
        *["exec", "--", "no-such-command"], DATABASE_URL="postgres://x/y", CACHE_URL="redis://x"
    )
    assert done.returncode == 127
    assert "no-such-command" in done.stderr


def test_two_execs_at_once_have_servers_of_their_own(waiting_exec):
    first, second = waiting_exec(), waiting_exec()
    assert first.database != second.database
    for one in (first, second):
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(30) == 128 + signal.SIGTERM
        until(lambda one=one: not _mentions(one.directory))
        assert not one.directory.exists()


def test_directory_of_a_killed_exec_is_removed_by_the_next(waiting_exec, embedded):
    one = waiting_exec()
    one.process.kill()
    one.process.wait()
    until(lambda: not _mentions(one.directory))
    assert one.directory.exists()
    embedded("exec", "--", "true", DATABASE_URL="postgres://x/y", CACHE_URL="redis://x")
    assert not one.directory.exists()


class Waiting:
    """An `exec` whose command has said where its database is, and waits."""

    def __init__(self, state):
        self.process = subprocess.Popen(
            [
                *[sys.executable, "-m", "config.embedded", "exec", "--"],
                *["/bin/sh", "-c", "echo $DATABASE_URL; exec sleep 600"],
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            cwd=places.CHECKOUT,
            env=environment(ZEROSUM_STATE_DIR=str(state)),
        )
        self.database = self.process.stdout.readline().strip()
        self.directory = _directories_mentioned(self.database)[0]


@pytest.fixture
def waiting_exec(place):
    started = []

    def start():
        started.append(Waiting(place))
        return started[-1]

    yield start
    for one in started:
        one.process.terminate()
        one.process.wait(30)
        one.process.stdout.close()


def _directories_mentioned(text):
    place = Path(tempfile.gettempdir())
    return [path for path in place.glob("zerosum-exec-*") if path.name in text]


def _mentions(directory):
    """The processes whose command line names the directory: the servers in it."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if str(directory) in processes.command_line(pid)]

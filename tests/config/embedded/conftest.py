"""Real servers in directories of their own: short paths that an unprivileged user can enter."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config.embedded import places, postgres, processes
from config.embedded.programs import Watched

OURS = (
    "DJANGO_SETTINGS_MODULE",
    "DATABASE_URL",
    "CACHE_URL",
    "BROKER_URL",
    "SECRET_KEY",
    "KEYRING",
    "PORT",
    "PUBLIC_BASE_URL",
)


@pytest.fixture(scope="module")
def account():
    return places.unprivileged_account()


@pytest.fixture
def place():
    yield from _place()


@pytest.fixture(scope="module")
def module_place():
    yield from _place()


@pytest.fixture(scope="module")
def cluster(module_place, account):
    """A running cluster, shared by the tests of a module that only read it."""
    found = make_cluster(module_place, account)
    watched = Watched(found.program(), log=module_place / "postgres.log")
    watched.start()
    assert watched.wait_until_ready(seconds=20), watched.last_words()
    found.furnish()
    yield found
    watched.stop()


@pytest.fixture
def embedded(place):
    """Runs `python -m config.embedded …` on a state directory of the test's own."""

    def run(*words, state=place, **variables):
        return subprocess.run(
            [sys.executable, "-m", "config.embedded", *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
            cwd=places.CHECKOUT,
            env=environment(ZEROSUM_STATE_DIR=str(state), **variables),
        )

    yield run
    if (place / "supervisor.lock").exists():
        run("down")


def environment(**variables):
    """The test run's own, without the servers that it was told of."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | variables


def make_cluster(directory, account):
    found = postgres.cluster_in(
        places.room(directory, "postgres", account),
        sockets=places.room(directory, "run", account),
        state=directory,
        account=account,
    )
    found.create()
    return found


def postmaster_of(directory):
    """The pid in the lock file of the cluster under `directory`."""
    lock = next((directory / "postgres").glob("data-*/postmaster.pid"))
    return int(lock.read_text().split("\n", 1)[0])


def until(condition, *, seconds=30.0):
    assert processes.wait_until(condition, seconds=seconds, every=0.05)


def _place():
    directory = Path(tempfile.mkdtemp(prefix="zs-test-"))
    if os.geteuid() == 0:
        directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)

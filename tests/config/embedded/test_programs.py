"""The watch over one program: restart, backoff, giving up, ending the whole group."""

import os
import signal
import sys
import time

import pytest

from config.embedded import processes, programs
from config.embedded.programs import Program, State, Watched
from tests.config.embedded.conftest import until

# Starts a child of its own, writes its pid to the file, and waits for ever.
PARENT = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(600)
"""


@pytest.fixture
def watch(tmp_path):
    started = []

    def start(*words, **more):
        program = Program(name="one", command=words, environment={}, account=None, **more)
        watched = Watched(program, log=tmp_path / "one.log")
        watched.start()
        started.append(watched)
        return watched

    yield start
    for watched in started:
        watched.stop()


def test_killed_program_is_started_again_at_once(watch):
    watched = watch("/bin/sleep", "600")
    watched.look()
    first = watched.identity
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: watched.look() or watched.starts == 2)
    assert watched.identity != first


def test_children_of_a_killed_program_do_not_go_on_alone(watch, tmp_path):
    watched = watch(sys.executable, "-c", PARENT, str(tmp_path / "child"))
    until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text() != "")
    child = processes.identify(int((tmp_path / "child").read_text()))
    os.kill(watched.identity.pid, signal.SIGKILL)
    until(lambda: watched.look() or watched.starts == 2)
    until(lambda: not processes.alive(child))


def test_program_that_dies_at_once_waits_longer_each_time(watch):
    watched = watch("/bin/false", is_ready=lambda _: False)
    until(lambda: watched.look() or watched.deaths_in_a_row == 2)
    assert watched.state is State.WAITING
    remaining = watched._next_start_at - time.monotonic()
    assert remaining <= 2 * programs.FIRST_DELAY_SECONDS
    assert remaining > programs.FIRST_DELAY_SECONDS / 2


def test_program_that_never_comes_up_is_given_up_with_its_last_words(watch):
    watched = watch("/bin/sh", "-c", "echo no such table; exit 1", is_ready=lambda _: False)
    assert not watched.wait_until_ready(seconds=20)
    assert watched.is_hopeless
    assert "no such table" in watched.last_words()


def test_program_that_cannot_be_started_is_given_up(watch):
    watched = watch("/no/such/program", is_ready=lambda _: False)
    assert not watched.wait_until_ready(seconds=20)
    assert "No such file" in watched.last_words()


def test_program_deaf_to_its_signal_is_killed(watch):
    watched = watch("/bin/sh", "-c", "trap '' TERM; echo deaf; sleep 600", patience_seconds=0.2)
    until(lambda: "deaf" in watched.last_words())
    identity = watched.identity
    watched.stop()
    assert not processes.alive(identity)


def test_recycled_pid_is_not_taken_for_the_old_process():
    ourselves = processes.identify(os.getpid())
    earlier = processes.Identity(pid=os.getpid(), started="long ago")
    assert processes.alive(ourselves)
    assert not processes.alive(earlier)
    processes.end(earlier, with_signal=signal.SIGKILL, patience_seconds=0)  # and we still live

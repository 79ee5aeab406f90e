"""`manage.py simulate_channels`: a process that needs no database and ends when asked."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parents[3]
# Nobody listens there: the command must not even try.
NO_DATABASE = "postgres://nobody@127.0.0.1:9/nothing"


@contextmanager
def running(book, *options, env):
    command = [sys.executable, "manage.py", "simulate_channels", "--book", str(book), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_command_serves_until_sigterm_without_a_database(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", NO_DATABASE)
    with running(tmp_path / "book", "--json", "--account", "cha_1:hush", env=None) as process:
        address = json.loads(process.stdout.readline())["address"]
        health = httpx2.get(f"{address}/health", trust_env=False)
        process.send_signal(signal.SIGTERM)

        assert health.json() == {"ok": True}
        assert process.wait(10) == 0


def test_command_says_when_its_book_is_in_use(simulator, book):
    with running(book, env=None) as process:
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "another simulator" in errors

"""The whole tree: the platform's own processes, migrated, running with the rights of the app."""

import json
import os
import signal
import socket

import httpx2
import psycopg
import pytest

from config.embedded import processes
from tests.config.embedded.conftest import until

APPLICATION = {"simulator", "web", "worker", "beat"}


@pytest.mark.slow
def test_tree_comes_up_survives_and_leaves_nothing(embedded, place):
    done = embedded("up", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    before = _status(embedded)
    assert before["phase"] == "ready"
    assert set(before["processes"]) == APPLICATION | {"postgres", "valkey"}
    assert _get(before["addresses"]["web"] + "/health/ready") == 200
    assert _database_users(place) == {"zerosum_app"}

    for name in APPLICATION:
        os.kill(before["processes"][name]["pid"], signal.SIGKILL)

    def all_are_back():
        now = json.loads((place / "state.json").read_text())["processes"]
        return all(now[name]["restarts"] and now[name]["state"] == "up" for name in APPLICATION)

    until(all_are_back, seconds=90)
    after = _status(embedded)
    assert after["addresses"] == before["addresses"]
    assert _get(after["addresses"]["web"] + "/health/ready") == 200

    embedded("down")
    assert processes.marked(place) == []
    assert _status(embedded)["phase"] == "stopped"


def test_port_of_somebody_else_is_named(embedded):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = embedded("up", "--wait", PORT=port)
    assert done.returncode == 1
    assert f"PORT={port}" in done.stderr


def _status(embedded):
    return json.loads(embedded("status", "--json").stdout)


def _get(url):
    return httpx2.get(url, timeout=10).status_code


def _database_users(place):
    owner = json.loads((place / "state.json").read_text())["owner_environment"]["DATABASE_URL"]
    query = (
        "SELECT DISTINCT usename FROM pg_stat_activity"
        " WHERE datname = 'zerosum' AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(owner.replace("zerosum_owner", "postgres")) as connection:
        return {row[0] for row in connection.execute(query).fetchall()}

"""The embedded cluster itself: its roles, its settings, and starting after a crash."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from config.embedded import binaries, postgres, processes
from config.embedded.programs import Watched
from tests.config.embedded.conftest import make_cluster, postmaster_of, until


def test_roles_exist_with_their_timeouts(cluster):
    with cluster.connect() as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolcreatedb, rolsuper, coalesce(rolconfig, '{}')"
            " FROM pg_roles WHERE rolname LIKE 'zerosum%%' ORDER BY rolname"
        ).fetchall()
    assert rows == [
        (
            "zerosum_app",
            True,
            False,
            False,
            [
                "statement_timeout=5s",
                "lock_timeout=2s",
                "idle_in_transaction_session_timeout=10s",
            ],
        ),
        ("zerosum_owner", True, True, False, []),
        ("zerosum_readonly", True, False, False, ["default_transaction_read_only=on"]),
    ]


def test_database_belongs_to_the_owner(cluster):
    with cluster.connect() as connection:
        row = connection.execute(
            "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding)"
            " FROM pg_database WHERE datname = 'zerosum'"
        ).fetchone()
    assert row == ("zerosum_owner", "UTF8")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("max_prepared_transactions", "64"),
        ("timezone", "UTC"),
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
    ],
)
def test_server_keeps_the_books_promises(cluster, setting, value):
    with cluster.connect() as connection:
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    assert row == (value,)


def test_processes_connect_by_the_url_of_their_role(cluster):
    with psycopg.connect(cluster.url(postgres.APP)) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
    assert row == ("zerosum_app", "zerosum")


def test_furnishing_twice_changes_nothing(cluster):
    cluster.furnish()
    cluster.create()
    assert cluster.is_ready()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to drop")
def test_server_of_root_does_not_run_as_root(cluster):
    pid = postmaster_of(cluster.data.parent.parent)
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert cluster.data.stat().st_uid != 0


def test_stale_lock_that_names_a_stranger_does_not_stop_the_start(place, account):
    cluster = make_cluster(place, account)
    watched = _start(cluster, place)
    _kill_for_good(watched)
    stranger = processes.spawn(
        ["/bin/sleep", "60"],
        environment={},
        account=account,
        directory=Path("/"),
        output=None,
    )
    for lock in (cluster.data / "postmaster.pid", cluster.sockets / ".s.PGSQL.5432.lock"):
        rest = lock.read_text().split("\n", 1)[1]
        lock.write_text(f"{stranger.pid}\n{rest}")
    try:
        watched = _start(cluster, place)
        assert stranger.poll() is None
        watched.stop()
    finally:
        stranger.kill()
        stranger.wait()


def test_empty_lock_does_not_stop_the_start(place, account):
    cluster = make_cluster(place, account)
    (cluster.data / "postmaster.pid").touch()
    _start(cluster, place).stop()


def test_half_made_cluster_is_thrown_away(place, account):
    unfinished = place / "postgres" / f"data-{_major(place, account)}.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("half")
    cluster = make_cluster(place, account)
    assert (cluster.data / "base").is_dir()
    assert not unfinished.exists()


def test_leftover_postmaster_is_stopped(place, account):
    cluster = make_cluster(place, account)
    watched = _start(cluster, place)
    assert watched.identity is not None
    postgres.end_leftover(cluster.data)
    until(lambda: not cluster.is_ready())
    watched.stop()


def test_programs_are_copied_to_where_the_account_may_go(place, account, tmp_path):
    unreachable = tmp_path / "programs"
    unreachable.mkdir()
    (unreachable / "server").write_text("#!/bin/sh\n")
    (unreachable / "server").chmod(0o700)
    found = binaries.reachable(unreachable, "server", state=place, account=account)
    if account is None:
        assert found == unreachable
    else:
        assert found.parent == place / "programs"
        assert (found / "server").stat().st_mode & 0o777 == 0o755
        assert tmp_path.stat().st_mode & 0o077 == 0


def _start(cluster, place):
    watched = Watched(cluster.program(), log=place / "postgres.log")
    watched.start()
    assert watched.wait_until_ready(seconds=20), watched.last_words()
    return watched


def _kill_for_good(watched):
    """SIGKILL, and no look that would start it again."""
    identity = watched.identity
    os.kill(identity.pid, signal.SIGKILL)
    until(lambda: not processes.alive(identity))
    watched.stop()


def _major(place, account):
    return postgres.major_version(binaries.postgres_directory(state=place, account=account))

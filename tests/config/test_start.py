"""A variable that is wrong or missing stops the start with one line that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = "import django; django.setup(); from config import boot; boot.refuse_unfit_surroundings()"
FIT = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-0123456789",
    "PUBLIC_BASE_URL": "https://zerosum.example",
    "ALLOWED_HOSTS": "zerosum.example",
    "CACHE_URL": "redis://127.0.0.1:9/0",
    "BROKER_URL": "redis://127.0.0.1:9/1",
}


def start(keyring, **changes):
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "DATABASE_URL") if name in os.environ
    }
    wanted = {**kept, **FIT, "KEYRING": f"file:{keyring}", **changes}
    return subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env={name: value for name, value in wanted.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_starts_where_everything_is_fit(keyring_file):
    started = start(keyring_file)

    assert (started.returncode, started.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://somebody:hush@db/zerosum"),
        ("PUBLIC_BASE_URL", "http://zerosum.example"),
        ("ALLOWED_HOSTS", None),
        ("CACHE_URL", None),
        ("BROKER_URL", ""),
        ("KEYRING", None),
        ("KEYRING", "file:/nowhere/keyring.json"),
        ("DEBUG", "1"),
    ],
)
def test_production_names_what_is_wrong_in_one_line(keyring_file, name, value):
    stopped = start(keyring_file, **{name: value})

    assert stopped.returncode == 1
    [line] = stopped.stderr.splitlines()
    assert line.startswith("zerosum:")
    assert name in line
    assert "hush" not in line

"""What every test may lean on: a keyring of its own and a clock that the test names."""

import base64
import json
import os
from datetime import UTC, datetime

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations


@pytest.fixture(scope="session", autouse=True)
def keyring_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("keyring") / "keyring.json"
    path.write_text(
        json.dumps(
            {
                "data_keys": {"dk1": base64.b64encode(os.urandom(32)).decode()},
                "current_data_key": "dk1",
                "signing_keys": {"sk1": base64.b64encode(os.urandom(32)).decode()},
                "current_signing_key": "sk1",
            }
        )
    )
    return path


@pytest.fixture(autouse=True)
def keyring(settings, keyring_file):
    settings.KEYRING = f"file:{keyring_file}"


@pytest.fixture
def now():
    return datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def emptying_passes_append_only_triggers():
    """Append-only tables refuse TRUNCATE; between transactional tests the superuser steps past that."""
    ordinary = DatabaseOperations.sql_flush

    def sql_flush(self, *args, **kwargs):
        return [
            "SET LOCAL session_replication_role = replica",
            *ordinary(self, *args, **kwargs),
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield

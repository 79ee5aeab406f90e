"""The bell: after the commit, at once without a transaction, and never with a database of its own."""

import pytest

from audit import doorbell


@pytest.fixture
def rung(monkeypatch):
    tasks = []
    monkeypatch.setattr(doorbell, "_send", tasks.append)
    return tasks


def test_the_bell_rings_after_the_commit(db, rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        doorbell.ring("payments.tasks.inquire")
        assert rung == []
    assert rung == ["payments.tasks.inquire"]


def test_without_a_transaction_it_rings_at_once_and_asks_no_database(rung):
    # pytest-django refuses a connection to a test that asks for none.
    doorbell.ring("payments.tasks.inquire")
    assert rung == ["payments.tasks.inquire"]

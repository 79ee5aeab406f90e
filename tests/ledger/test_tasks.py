import pytest
from celery import current_app

from audit.models import Record
from ledger import tasks
from tests.ledger.books import as_superuser, bank, commit_would, fees, post, transfer

pytestmark = pytest.mark.django_db


def test_the_clock_finds_the_task_by_the_name_in_its_table():
    assert current_app.tasks["ledger.tasks.verify"].name == tasks.verify.name


def test_the_task_leaves_a_record_only_when_the_books_are_violated():
    post(transfer("x", 5, debit=bank(), credit=fees()))
    commit_would()
    tasks.verify()
    assert not Record.objects.exists()
    as_superuser("UPDATE ledger_account SET balance_minor = 7 WHERE id = %s", bank().id)
    tasks.verify()
    record = Record.objects.get()
    assert (record.action, record.actor_kind, record.actor_id) == (
        "ledger.violated",
        "clock",
        "ledger.tasks.verify",
    )

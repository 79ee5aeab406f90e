"""What was recorded stays as it was."""

import pytest
from django.db import DatabaseError, transaction

from audit.actor import clock
from audit.models import Record
from audit.services import records

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(now):
    return records.write(
        action="test.done", by=clock("tests"), now=now, target="x", detail={"secret": "s", "n": 1}
    )


def test_secrets_are_masked_before_they_are_stored(record):
    assert Record.objects.get().detail == {"secret": "[redacted]", "n": 1}


@pytest.mark.parametrize(
    "spoil", [lambda rows: rows.update(action="other"), lambda rows: rows.delete()]
)
def test_a_record_is_neither_changed_nor_removed(record, spoil):
    with pytest.raises(DatabaseError), transaction.atomic():
        spoil(Record.objects.all())

    assert Record.objects.get().action == "test.done"

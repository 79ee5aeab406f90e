"""Rings for work after it is committed. A bell that nobody hears loses nothing: the sweep finds the row."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: str) -> None:
    """Asks a worker to run `task` (a dotted Celery name) once the open transaction has committed.

    Without a transaction it needs no database: the answer that says that the database is away must
    not fail over the bell.
    """
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(partial(_send, task))
    else:
        _send(task)


def _send(task: str) -> None:
    try:
        current_app.send_task(task, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("doorbell for %s not heard: %s", task, error)

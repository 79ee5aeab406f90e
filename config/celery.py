"""The Celery app: a doorbell, not a queue. Rows that are due are the queue (docs/adr)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("zerosum")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def check_surroundings(**_kwargs: Any) -> None:
    from config import boot, observability  # noqa: PLC0415 - settings are not ready above

    observability.start()
    boot.refuse_unfit_surroundings()

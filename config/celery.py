"""The Celery app: a doorbell, not a queue. Rows that are due are the queue (docs/adr)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("zerosum")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

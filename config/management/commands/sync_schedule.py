"""Seeds the clock's table from config/schedule.py; what people changed in the console stays."""

from typing import Any

from django.core.management.base import BaseCommand
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from config.schedule import SCHEDULE, Tick


class Command(BaseCommand):
    help = "Seed the schedule of periodic tasks from config/schedule.py."

    def handle(self, **_options: Any) -> None:
        added = sum(_seed(tick) for tick in SCHEDULE)
        self.stdout.write(f"schedule: {added} added, {len(SCHEDULE) - added} kept")


def _seed(tick: Tick) -> bool:
    if tick.seconds is not None:
        when = {
            "interval": IntervalSchedule.objects.get_or_create(
                every=tick.seconds, period=IntervalSchedule.SECONDS
            )[0]
        }
    else:
        when = {
            "crontab": CrontabSchedule.objects.get_or_create(
                minute=str(tick.minute), hour=str(tick.hour), timezone="UTC"
            )[0]
        }
    _, created = PeriodicTask.objects.get_or_create(
        name=tick.name,
        defaults={
            "task": tick.task,
            "description": tick.why,
            # A tick that nobody took in time is followed by the next one anyway.
            "expire_seconds": tick.seconds or 3600,
            **when,
        },
    )
    return bool(created)

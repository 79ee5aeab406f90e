"""Whether this process lives, and whether it can do its work: database, migrations, broker, keyring."""

import asyncio
import dataclasses
from collections.abc import Iterable
from functools import cache
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable
from health_check.views import HealthCheckView
from kombu.exceptions import OperationalError

from audit import vault
from config import boot


def live(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


@dataclasses.dataclass
class Migrations(HealthCheck):
    def run(self) -> None:
        try:
            if not _is_migrated():
                raise ServiceUnavailable("migrations are waiting: run manage.py migrate")
        except DatabaseError as error:
            raise ServiceUnavailable("the database does not answer") from error
        finally:
            connection.close()


@dataclasses.dataclass
class Durability(HealthCheck):
    def run(self) -> None:
        try:
            broken = boot.not_durable()
        except DatabaseError as error:
            raise ServiceUnavailable("the database does not answer") from error
        finally:
            connection.close()
        if broken:
            raise ServiceUnavailable(
                f"PostgreSQL runs with {broken}: acknowledged money may be lost"
            )


@dataclasses.dataclass
class Broker(HealthCheck):
    def run(self) -> None:
        try:
            with current_app.connection_for_write(connect_timeout=2) as broker:
                broker.ensure_connection(max_retries=1, timeout=2)
        except (OperationalError, OSError) as error:
            raise ServiceUnavailable("the broker does not answer") from error


@dataclasses.dataclass
class Keyring(HealthCheck):
    def run(self) -> None:
        try:
            vault.keyring()
        except vault.KeyringUnusable as error:
            raise ServiceUnavailable("KEYRING cannot be used") from error


class ReadyView(HealthCheckView):
    """200 with every check OK, 503 naming what is not."""

    checks: Iterable[Any] = (
        "health_check.checks.Database",
        Migrations,
        Durability,
        Broker,
        Keyring,
    )

    async def get(self, _request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        results = await asyncio.gather(*(check.get_result(None) for check in self.get_checks()))
        said = {
            type(result.check).__name__.lower(): str(result.error) if result.error else "ok"
            for result in results
        }
        ready = all(result.error is None for result in results)
        return JsonResponse(
            {"status": "ready" if ready else "not_ready", "checks": said},
            status=200 if ready else 503,
        )


def _is_migrated() -> bool:
    done = _migrated_once()
    if not done:
        # Once migrated a process stays so: its code does not change under it. Until then, look again.
        _migrated_once.cache_clear()
    return done


@cache
def _migrated_once() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def may_read_metrics(request: HttpRequest) -> bool:
    """Metrics are for the machine itself and those whom METRICS_ALLOWED names, never for the public:
    a request that came through a proxy is refused."""
    peer = request.META.get("REMOTE_ADDR", "")
    return "HTTP_X_FORWARDED_FOR" not in request.META and peer in settings.METRICS_ALLOWED

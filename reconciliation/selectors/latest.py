"""The newest comparisons."""

from django.db.models import QuerySet

from reconciliation.models import Run


def latest_runs(limit: int) -> "QuerySet[Run]":
    return Run.objects.select_related("channel_account").order_by("-pk")[:limit]

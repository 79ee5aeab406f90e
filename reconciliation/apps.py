"""The app's registration with Django."""

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "reconciliation"

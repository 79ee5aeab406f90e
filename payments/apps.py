"""The app's registration with Django."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

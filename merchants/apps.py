"""The app's registration with Django."""

from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "merchants"

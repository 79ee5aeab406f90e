"""The project's registration with Django, and the site that all operator pages hang on."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    name = "config"


class ConsoleConfig(admin_apps.AdminConfig):
    """django.contrib.admin, on our site."""

    default = False
    default_site = "config.console.OperatorSite"

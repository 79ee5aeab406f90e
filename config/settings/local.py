"""A developer's machine and `make demo`: plain HTTP on loopback."""

from config.settings.base import *  # noqa: F403 - settings are one flat namespace by Django's design
from config.settings.base import env

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "local-only-not-a-secret")
MERCHANT_WEBHOOKS_MAY_USE_LOOPBACK = True
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

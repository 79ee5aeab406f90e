"""The test suite: real PostgreSQL, quick password hashes, no broker unless the test starts one."""

from config.settings.base import *  # noqa: F403 - settings are one flat namespace by Django's design
from config.settings.base import DATABASES, env

SECRET_KEY = "tests-only"  # noqa: S105 - signs nothing outside a test run
DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE", "test_zerosum")}
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
MERCHANT_WEBHOOKS_MAY_USE_LOOPBACK = True
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
LOGGING_CONFIG = None

"""Production: refuses to start half-configured. Each variable is named in docs/operators."""

from config.settings.base import *  # noqa: F403 - settings are one flat namespace by Django's design
from config.settings.required import forbidden, required

forbidden("DEBUG")
SURROUNDINGS_MUST_BE_FIT = True
SECRET_KEY = required("SECRET_KEY", at_least=50)
DATABASE_URL = required("DATABASE_URL")
CACHE_URL = required("CACHE_URL")
BROKER_URL = required("BROKER_URL")
KEYRING = required("KEYRING")
PUBLIC_BASE_URL = required("PUBLIC_BASE_URL", prefix="https://").rstrip("/")
ALLOWED_HOSTS = required("ALLOWED_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

MERCHANT_WEBHOOKS_MAY_USE_LOOPBACK = False
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

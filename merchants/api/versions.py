"""Dated versions of the API; a key speaks the version that it was issued under."""

from django.http import HttpRequest

from merchants.api.errors import ApiError
from merchants.services.api_keys import CURRENT_API_VERSION

HEADER = "Zerosum-Version"
VERSIONS = (CURRENT_API_VERSION,)


def asked_for(request: HttpRequest) -> str | None:
    """The version that the request names, if it names one. Raises ApiError."""
    version = request.headers.get(HEADER)
    if version is not None and version not in VERSIONS:
        raise ApiError("version_unsupported")
    return version

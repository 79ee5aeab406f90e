"""A variable that is wrong or missing stops the start with one line that names it."""

import os
import sys
from typing import Any

import dj_database_url


def required(name: str, *, at_least: int = 1, prefix: str = "") -> str:
    """The variable's value; exits the process with one line when it is missing or unfit.

    `at_least` counts characters.
    """
    value = os.environ.get(name, "")
    if len(value) < at_least:
        sys.exit(f"zerosum: {name} must be set ({at_least} characters or more) in production")
    if not value.startswith(prefix):
        sys.exit(f"zerosum: {name} must start with {prefix!r} in production")
    return value


def forbidden(name: str) -> None:
    """Exits the process with one line when the variable is set to anything but a plain no."""
    if os.environ.get(name, "").lower() not in ("", "0", "false", "no", "off"):
        sys.exit(f"zerosum: {name} must not be set in production")


def database(name: str, *, default: str) -> dict[str, Any]:
    """The variable's PostgreSQL address as Django wants it; exits with one line when it is none."""
    url = os.environ.get(name) or default
    try:
        found = dict(dj_database_url.parse(url))
        is_postgresql = "postgresql" in str(found["ENGINE"])
    except (ValueError, KeyError):
        found, is_postgresql = {}, False
    if not is_postgresql:
        # The address may hold a password: it is not repeated.
        sys.exit(f"zerosum: {name} must be an address like postgres://user:password@host:5432/name")
    return found

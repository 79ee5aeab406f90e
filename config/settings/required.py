"""A variable that is wrong or missing stops the start with one line that names it."""

import os
import sys


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

"""Who may sign in to the console, with the code of this half minute."""

import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from rich.console import Console
from rich.live import Live
from rich.table import Table

from config.demo.cast import PEOPLE
from config.demo.safe import Safe


def table(safe: Safe, *, console_url: str, at: float) -> Table:
    """`at` is a Unix time."""
    period = app_settings.TOTP_PERIOD
    left = period - int(at) % period
    found = Table(title=f"Console: {console_url}", title_justify="left", title_style="bold")
    for heading in ("sign in as", "password", f"code for {left:2d} s", "role", "name"):
        found.add_column(heading)
    for person in PEOPLE:
        held = safe.people[person.username]
        code = format_hotp_value(hotp_value(held.totp_secret, int(at) // period))
        role = person.role.replace("_", " ")
        found.add_row(person.username, held.password, code, role, person.name)
    found.caption = f"The codes' secrets, for an authenticator app, are in {safe.path}"
    found.caption_justify = "left"
    return found


def show(console: Console, safe: Safe, *, console_url: str) -> None:
    console.print(table(safe, console_url=console_url, at=time.time()))


def stay(console: Console, safe: Safe, *, console_url: str) -> None:
    """Until Ctrl-C; at a terminal the codes keep up with the time."""
    if not console.is_terminal:
        show(console, safe, console_url=console_url)
        while True:
            time.sleep(3600)
    with Live(console=console, auto_refresh=False) as screen:
        while True:
            screen.update(table(safe, console_url=console_url, at=time.time()), refresh=True)
            time.sleep(1)

"""Writes every diagram and table that the documentation takes from the code."""

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    # Only now: the tables read models, and models want settings.
    from docs.hooks import state_diagrams, tables  # noqa: PLC0415

    state_diagrams.write()
    for name, (page, _) in tables.TABLES.items():
        page.write_text(tables.with_table(page.read_text(), name))
    sys.stdout.write("docs: diagrams and tables written\n")


main()

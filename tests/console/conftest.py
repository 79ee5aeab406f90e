"""Somebody who may see everything, and a day to look at."""

import pytest

from tests.factories import console, operators


@pytest.fixture
def day(db):
    return console.day()


@pytest.fixture
def boss(db):
    return operators.operator("boss", superuser=True)


@pytest.fixture
def browser(boss):
    return operators.signed_in(boss)

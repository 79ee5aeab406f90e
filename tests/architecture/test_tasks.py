"""A task is named by text in two places, the schedule and the bell. Every name must be a task's."""

import ast

import pytest
from celery import current_app

from config.schedule import SCHEDULE
from tests.architecture.house import Module, modules, snippet


def tasks() -> set[str]:
    current_app.loader.import_default_modules()
    return {name for name in current_app.tasks if not name.startswith("celery.")}


def names_that_look_like_tasks(module: Module) -> list[str]:
    return [
        constant.value
        for constant in module.walk(ast.Constant)
        if isinstance(constant.value, str)
        and ".tasks." in constant.value
        and " " not in constant.value
    ]


@pytest.mark.parametrize("tick", SCHEDULE, ids=lambda t: t.name)
def test_every_tick_of_the_clock_is_a_task(tick):
    assert tick.task in tasks()


@pytest.mark.parametrize("tick", SCHEDULE, ids=lambda t: t.name)
def test_every_tick_has_its_reason(tick):
    assert len(tick.why) > 20


def test_every_task_is_on_the_clock():
    assert tasks() - {tick.task for tick in SCHEDULE} == set()


def test_every_name_that_a_bell_rings_is_a_task():
    rung = {(m.path, name) for m in modules() for name in names_that_look_like_tasks(m)}
    assert {(path, name) for path, name in rung if name not in tasks()} == set()


def test_control_a_misspelt_task_is_seen():
    found = names_that_look_like_tasks(snippet('APPLY = "payments.tasks.apply_calbacks"'))
    assert set(found) - tasks()

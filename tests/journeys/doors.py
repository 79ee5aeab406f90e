"""The doors that are not HTTP: what the clock calls, and the commands."""

import json
import time
from io import StringIO

from django.core.management import call_command

from merchants import tasks as merchant_tasks
from payments import tasks as payment_tasks
from reconciliation import tasks as reconciliation_tasks

DUE = (
    payment_tasks.apply_callbacks,
    payment_tasks.inquire,
    payment_tasks.pursue_refunds,
    payment_tasks.expire_payments,
    payment_tasks.expire_orders,
    merchant_tasks.deliver_webhooks,
    reconciliation_tasks.open_tickets,
)


def until(condition, *, seconds=20.0, working=True):
    """The condition's first true value, with the workers at work (or idle) while we wait."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never happened"
        if working:
            work()
        time.sleep(0.02)
    return value


def work():
    """One round of everything that is due, as the sweep would ring for it."""
    for task in DUE:
        task()


def command(name, *args):
    """A management command's JSON and its exit status."""
    out = StringIO()
    status = 0
    try:
        call_command(name, *args, "--json", stdout=out)
    except SystemExit as stopped:
        status = stopped.code or 0
    return json.loads(out.getvalue()), status

"""`python -m config.demo`: start everything, live through a business day, show what it came to."""

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack, suppress

import django
import django.db
import httpx2
from django.core.management import CommandError

from config.demo import plan
from config.demo.client import PlatformSilent
from config.demo.receiver import Receiver
from config.demo.results import Day, complaints
from config.demo.safe import Safe, open_safe
from config.demo.shops import open_inboxes
from config.demo.stage import Stage, open_stage
from config.embedded import binaries, control, places
from config.embedded.tree import Record

USUAL_PAYMENTS = 540
USUAL_SEED = 20261120
STOPPED = "stopped"


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    # A stop from outside ends the demo as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stage = open_stage()
    try:
        return _demo(options, stage)
    except KeyboardInterrupt:
        return 130
    except (
        binaries.ServerMissing,
        control.StartFailed,
        places.StateUnusable,
        CommandError,
        PlatformSilent,
        django.db.Error,
        httpx2.HTTPError,
    ) as failure:
        stage.say(f"zerosum: {failure}")
        return 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="stop everything after the summary")
    parser.add_argument("--seed", type=int, default=USUAL_SEED, help="decides the day")
    parser.add_argument("--payments", type=int, default=USUAL_PAYMENTS)
    options = parser.parse_args(arguments)
    try:
        plan.day(seed=options.seed, payments=options.payments)
    except ValueError as error:
        parser.error(str(error))
    return options


def _demo(options: argparse.Namespace, stage: Stage) -> int:
    safe = open_safe()
    with ExitStack() as ends:
        receiver = ends.enter_context(Receiver(port=safe.receiver_port))
        safe.receiver_port = receiver.port
        # What yesterday owed is delivered as soon as the worker runs.
        open_inboxes(receiver, safe)
        if options.exit or control.status().phase == STOPPED:
            ends.callback(_stop, stage)
        record = _start(stage)
        day = _live(options, stage, safe, receiver, record)
        if options.exit:
            return 1 if complaints(day) else 0
        _stay(stage, safe, record)
    return 0


def _start(stage: Stage) -> Record:
    began = time.monotonic()
    was_up = control.is_whole(control.status())

    def answers() -> None:
        address = control.status().addresses["console"]
        stage.say(f"The console answers at {address} after {time.monotonic() - began:.0f} s")

    def follow(line: str) -> None:
        step.note(line.strip())
        if line.endswith("web is up"):
            answers()

    with stage.step("Starting servers, web, worker, beat, channel") as step:
        record = control.up(wait=True, say=follow)
    if was_up:
        answers()
    return record


def _live(
    options: argparse.Namespace, stage: Stage, safe: Safe, receiver: Receiver, record: Record
) -> Day:
    os.environ |= control.environment() | {"LOG_LEVEL": "ERROR"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    from config.demo import director  # noqa: PLC0415 - imports models, so not before the setup

    return director.live(
        stage=stage,
        safe=safe,
        receiver=receiver,
        addresses=record.addresses,
        seed=options.seed,
        payments=options.payments,
    )


def _stay(stage: Stage, safe: Safe, record: Record) -> None:
    from config.demo import logins  # noqa: PLC0415 - as above

    stage.say("Everything stays up until Ctrl-C.")
    with suppress(KeyboardInterrupt):
        logins.stay(stage.console, safe, console_url=record.addresses["console"])


def _stop(stage: Stage) -> None:
    with stage.step("Stopping everything"):
        control.down()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

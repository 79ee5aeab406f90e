"""The business day, phase by phase."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from config.demo import accidents, figures, night
from config.demo.client import Tally
from config.demo.patience import patiently
from config.demo.plan import PlannedPayment, day
from config.demo.reckoning import Evidence, reckon
from config.demo.results import Accident, Day, Planted
from config.demo.safe import Safe
from config.demo.shops import Shops
from config.demo.stage import Stage, Step
from config.demo.traffic import Asked, Traffic
from payments.channels.sandbox.control import Control

KILL_WORKER_AT_SHARE = 0.4
# The channel's payers come back four seconds after a payment was closed: longer than that it must
# be quiet before the day is over.
QUIET_SECONDS = 7.0
PATIENCE_SECONDS = 240.0
LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """`account` is the channel account's public id; `control` the way to its simulator."""

    stage: Stage
    shops: Shops
    control: Control
    account: str
    safe: Safe
    tally: Tally
    seed: int

    def run(self, *, payments: int) -> Day:
        """Raises client.PlatformSilent."""
        began, since = time.monotonic(), datetime.now(UTC)
        planned = day(seed=self.seed, payments=payments)
        self._catch_up()
        traffic = Traffic(
            clients=self.shops.clients, day=since.strftime("%y%m%d-%H%M%S"), tally=self.tally
        )
        try:
            asked, accident = self._take_payments(traffic, planned)
            self._give_refunds(traffic, asked)
        finally:
            traffic.close()
        self._wait_for_the_end(since)
        gaps_found = self._read_what_was_missed()
        planted_before = list(self.safe.planted)
        planted = self._plant(asked, since)
        with self.stage.step("Night: comparing the channel's statement") as step:
            days = figures.days(since, datetime.now(UTC))
            runs = patiently(lambda: night.reconcile(days))
            step.to(sum(int(run["lines"]) for run in runs))
        with self.stage.step("Morning: adding everything up"):
            evidence = Evidence(
                seed=self.seed,
                since=since,
                seconds=time.monotonic() - began,
                account=self.account,
                accidents=(accident,),
                refused=tuple(traffic.refused),
                planned={traffic.reference(one): one for one in planned},
                planted=tuple(planted),
                planted_before=tuple(planted_before),
                runs=tuple(runs),
                gaps_found=gaps_found,
            )
            return patiently(
                lambda: reckon(evidence, shops=self.shops, control=self.control, tally=self.tally)
            )

    def _catch_up(self) -> None:
        """What happened since each shop last looked is no gap of today."""
        with self.stage.step("The shops open") as step:
            step.to(sum(shop.read_events() for shop in self.shops))
            self.shops.begin_to_refuse()

    def _take_payments(
        self, traffic: Traffic, planned: list[PlannedPayment]
    ) -> tuple[list[Asked], Accident]:
        kill_at = max(int(len(planned) * KILL_WORKER_AT_SHARE), 1)
        victims = []
        with self.stage.step("Taking payments", total=len(planned)) as step:

            def progress(done: int) -> None:
                step.to(done)
                if done == kill_at:
                    # What is refused comes again after a minute: early enough to be seen today.
                    self.shops.refuse_nothing_new()
                    victims.append(accidents.kill_worker())
                    self.stage.say(f"The worker, process {victims[0].pid}, is killed (kill -9)")

            asked = traffic.take(planned, progress=progress)
        with self.stage.step("The killed worker comes back"):
            return asked, accidents.came_back(victims[0])

    def _give_refunds(self, traffic: Traffic, asked: list[Asked]) -> None:
        refunded = [one for one in asked if one.planned.case.refunds]
        with self.stage.step("Giving refunds", total=len(refunded)) as step:
            traffic.refund(refunded, progress=step.to)

    def _wait_for_the_end(self, since: datetime) -> None:
        """Until every payment has ended, every callback came, and nothing is due any more."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self.stage.step("Waiting for late callbacks and slow payers") as step:
            book, quiet_since = patiently(self.control.book), time.monotonic()
            while time.monotonic() < min(deadline, quiet_since + QUIET_SECONDS):
                time.sleep(LOOK_EVERY_SECONDS)
                before, book = book, patiently(self.control.book)
                if self._is_busy(since, step) or book != before:
                    quiet_since = time.monotonic()

    def _is_busy(self, since: datetime, step: Step) -> bool:
        unfinished = sum(
            1 for shop in self.shops for _ in figures.unfinished(shop.client, since=since)
        )
        rows = patiently(lambda: figures.waiting_rows(now=datetime.now(UTC)))
        retries = self.shops.waits_for_retries
        # What the channel had held back arrives at last, when the outcome is known without it.
        late = 0 if unfinished else patiently(self.control.release_callbacks)
        waiting = {"unfinished": unfinished, **rows, "webhooks to retry": retries}
        said = [f"{count} {what.replace('_', ' ')}" for what, count in waiting.items() if count]
        step.note(", ".join(said) or "all quiet")
        return bool(late or said)

    def _read_what_was_missed(self) -> int:
        with self.stage.step("The shops read what they missed") as step:
            gaps_found = sum(shop.read_events() for shop in self.shops)
            step.to(gaps_found)
            return gaps_found

    def _plant(self, asked: list[Asked], since: datetime) -> list[Planted]:
        with self.stage.step("Night: five differences are planted") as step:
            planted = night.plant(
                control=self.control,
                account=self.account,
                candidates=[one.reference for one in asked if one.planned.case.is_plain],
                since=since,
                chance=random.Random(self.seed),  # noqa: S311 - decides a demonstration
            )
            self.safe.planted += [one.reference for one in planted]
            self.safe.save()
            step.to(len(planted))
            return planted

"""The day as it was thought out: who pays what, how it goes wrong, what the shop does about it.

Pure and seeded: the same seed gives the same day.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from config.demo.cast import SHOPS, Shop
from payments.channels.sandbox.simulation.scenarios import REFUND_SCENARIOS, SCENARIOS

# Nobody finishes the first ones, so that their end is the clock's. The rest have time for every
# inquiry; and a charge that was lost with a killed channel is given up while the day still lasts.
EXPIRES_SOON_SECONDS = 30
EXPIRES_LATE_SECONDS = 150

# How often customers behave like this, besides the cases that every day must show.
USUAL = {
    "succeed": 70,
    "pending_then_succeed": 6,
    "requires_redirect_auto": 6,
    "decline": 6,
    "requires_redirect": 4,
    "callback_twice": 2,
    "callbacks_out_of_order": 2,
    "callback_before_answer": 2,
    "charge_then_500": 1,
    "lost_callback": 1,
}

COLLECTED = frozenset({"succeeded", "partially_refunded", "refunded"})
ENDED = COLLECTED | {"failed", "expired", "canceled"}
# Every other scenario ends with the money in hand. A wrong amount is in hand too, yet nobody's.
ENDS = {
    "decline": "failed",
    "forged_callback": "failed",
    "wrong_amount": "failed",
    "timeout_not_charged": "expired",
}


class Payer(StrEnum):
    """What the payer does on the bank's page."""

    PAYS = "pays"
    DECLINES = "declines"
    LEAVES = "leaves"


class Submission(StrEnum):
    """How the shop's request reaches us."""

    ONCE = "once"
    TWICE_AT_ONCE = "twice at once"
    LINE_CUT = "line cut, sent again"
    NEW_KEY = "again under a new key"


class Then(StrEnum):
    """What the shop does after it asked for the money."""

    NOTHING = "nothing"
    CAPTURE = "capture"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRefund:
    """`share` is a percentage of what was collected; 0 stands for whatever is left."""

    share: int
    scenario: str = "succeed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way a payment can go."""

    scenario: str
    payer: Payer = Payer.PAYS
    manual: bool = False
    then: Then = Then.NOTHING
    captured_share: int = 100
    capture_scenario: str = "succeed"
    refunds: tuple[PlannedRefund, ...] = ()
    submission: Submission = Submission.ONCE

    @property
    def is_slow(self) -> bool:
        """Ends by the clock, or by our third inquiry."""
        return self.expires_in == EXPIRES_SOON_SECONDS or self.scenario == "not_found_then_paid"

    @property
    def expires_in(self) -> int:
        left_alone = self.scenario == "requires_redirect" and self.payer is Payer.LEAVES
        ends_by_clock = self.scenario in {"late_success", "timeout_not_charged"} or left_alone
        if ends_by_clock and self.then is not Then.CANCEL:
            return EXPIRES_SOON_SECONDS
        return EXPIRES_LATE_SECONDS

    @property
    def ends_as(self) -> str:
        """The payment's state when everything about it is known."""
        if self.then is Then.CANCEL:
            return "canceled"
        if self.scenario == "requires_redirect" and self.payer is not Payer.PAYS:
            return "failed" if self.payer is Payer.DECLINES else "expired"
        return ENDS.get(self.scenario) or self._after_refunds()

    @property
    def is_plain(self) -> bool:
        """Nothing happens to it: fit to have a difference planted on it."""
        return self == Case(scenario="succeed")

    def _after_refunds(self) -> str:
        given_back = [refund for refund in self.refunds if refund.scenario != "fail"]
        if not given_back:
            return "succeeded"
        return "partially_refunded" if all(one.share for one in given_back) else "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPayment:
    number: int
    shop: str
    currency: str
    amount_minor: int
    case: Case

    @property
    def captured_minor(self) -> int:
        return max(self.amount_minor * self.case.captured_share // 100, 1)


def day(*, seed: int, payments: int) -> list[PlannedPayment]:
    """In the order in which the customers come. Raises ValueError for too short a day."""
    chance = random.Random(seed)  # noqa: S311 - decides a demonstration, guards nothing
    cases = [(shop, case) for shop in SHOPS for case in every_case()]
    if payments < len(cases):
        raise ValueError(f"a day that shows everything has {len(cases)} payments at least")
    while len(cases) < payments:
        cases.append((SHOPS[len(cases) % len(SHOPS)], _usual(chance)))
    return [
        _planned(number, shop, case, chance)
        for number, (shop, case) in enumerate(_in_order(cases, chance), start=1)
    ]


def every_case() -> Iterator[Case]:
    """What each shop must live through once on every day."""
    for scenario in SCENARIOS:
        yield Case(scenario=scenario)
    for payer in (Payer.DECLINES, Payer.LEAVES):
        yield Case(scenario="requires_redirect", payer=payer)
    yield from _captures()
    yield from _refunds()
    # The money comes although the shop gave up: nobody's, until a person decides.
    yield Case(scenario="late_success", then=Then.CANCEL)
    yield Case(scenario="requires_redirect", payer=Payer.LEAVES, then=Then.CANCEL)
    for submission in Submission:
        yield Case(scenario="succeed", submission=submission)


def _captures() -> Iterator[Case]:
    authorized = Case(scenario="succeed", manual=True, then=Then.CAPTURE)
    yield authorized
    yield replace(authorized, captured_share=60)
    yield replace(authorized, capture_scenario="timeout_then_succeed")
    yield replace(authorized, then=Then.CANCEL)


def _refunds() -> Iterator[Case]:
    collected = Case(scenario="succeed")
    for scenario in REFUND_SCENARIOS:
        yield replace(collected, refunds=(PlannedRefund(share=0, scenario=scenario),))
    yield replace(collected, refunds=(PlannedRefund(share=30),))
    yield replace(collected, refunds=(PlannedRefund(share=40), PlannedRefund(share=0)))


def _usual(chance: random.Random) -> Case:
    [scenario] = chance.choices(list(USUAL), weights=list(USUAL.values()))
    case = Case(scenario=scenario)
    if scenario != "succeed":
        return case
    luck = chance.random()
    if luck < 0.06:
        return replace(case, refunds=(PlannedRefund(share=chance.choice((0, 25, 50))),))
    if luck < 0.12:
        share = chance.choice((100, 100, 80))
        return replace(case, manual=True, then=Then.CAPTURE, captured_share=share)
    if luck < 0.16:
        return replace(
            case, submission=chance.choice((Submission.TWICE_AT_ONCE, Submission.LINE_CUT))
        )
    return case


def _in_order(cases: list[tuple[Shop, Case]], chance: random.Random) -> list[tuple[Shop, Case]]:
    """Slow ones among the first half, each between quick ones: the day must end, and a channel that
    seems to fail many times in a row would be left alone for a while."""
    slow = [one for one in cases if one[1].is_slow]
    quick = [one for one in cases if not one[1].is_slow]
    chance.shuffle(slow)
    chance.shuffle(quick)
    stride = max(len(quick) // 2 // max(len(slow), 1), 1)
    ordered: list[tuple[Shop, Case]] = []
    for place, one in enumerate(quick):
        ordered.append(one)
        if place % stride == 0 and slow:
            ordered.append(slow.pop())
    return ordered + slow


def _planned(number: int, shop: Shop, case: Case, chance: random.Random) -> PlannedPayment:
    tariffs = shop.tariffs
    [currency] = chance.choices(list(tariffs), weights=[one.share for one in tariffs.values()])
    tariff = tariffs[currency]
    amount = chance.randrange(tariff.cheapest, tariff.dearest + 1, tariff.step)
    return PlannedPayment(
        number=number, shop=shop.slug, currency=currency, amount_minor=amount, case=case
    )

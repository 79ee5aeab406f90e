"""Puts the day together from what was seen and what the figures say."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from config.demo import figures, night
from config.demo.client import Tally
from config.demo.figures import ShopView
from config.demo.plan import PlannedPayment
from config.demo.results import Accident, Day, Notices, Planted, Requests, Surprise
from config.demo.shops import Shops
from payments.channels.sandbox.control import Control


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What only those know who were there. `planned` is by order reference; `runs` is what
    `manage.py reconcile` printed."""

    seed: int
    since: datetime
    seconds: float
    account: str
    accidents: tuple[Accident, ...]
    refused: tuple[str, ...]
    planned: Mapping[str, PlannedPayment]
    planted: tuple[Planted, ...]
    planted_before: tuple[str, ...]
    runs: tuple[Mapping[str, Any], ...]
    gaps_found: int


def reckon(evidence: Evidence, *, shops: Shops, control: Control, tally: Tally) -> Day:
    since, now = evidence.since, datetime.now(UTC)
    views = {shop.slug: figures.look(shop.client, since=since) for shop in shops}
    on_purpose = {one.reference for one in evidence.planted}
    # A line that was invented is in no book of the channel's, though we had to park its money.
    ours = [
        one
        for one in figures.our_bookings(evidence.account, since=since, until=now)
        if not (one.in_suspense and one.reference in on_purpose)
    ]
    tickets = figures.tickets(since=since)
    return Day(
        seed=evidence.seed,
        seconds=evidence.seconds,
        shops=tuple(
            book for slug, view in views.items() for book in figures.shop_books(slug, view)
        ),
        scenarios=tuple(figures.scenarios(views.values())),
        surprises=tuple(_surprises(evidence.planned, views.values())),
        accidents=evidence.accidents,
        callbacks=figures.callbacks(since=since),
        notices=_notices(shops, evidence.gaps_found),
        requests=_requests(tally, evidence, figures.wrongly_doubled(views.values())),
        books=figures.books(),
        reconciled=night.judge(
            evidence.runs,
            planted=evidence.planted,
            tickets=tickets,
            planted_before=evidence.planted_before,
        ),
        parked=tuple(figures.parked(ours, tickets)),
        testimonies=tuple(figures.testimonies(control, evidence.account, ours, since=since)),
        charged_more_than_once=tuple(
            str(one["reference"]) for one in control.book()["more_than_once"]
        ),
        dead_rows=figures.dead_rows(now=now),
        unexplained=figures.unexplained(),
    )


def _surprises(
    planned: Mapping[str, PlannedPayment], views: Iterable[ShopView]
) -> Iterator[Surprise]:
    found = {str(payment["reference"]): payment for view in views for payment in view.payments}
    for reference, one in planned.items():
        payment = found.get(reference, {"state": "not there", "failure": None})
        if payment["state"] != one.case.ends_as:
            code = (payment["failure"] or {}).get("code", "")
            yield Surprise(reference, one.case.ends_as, str(payment["state"]), str(code))


def _notices(shops: Shops, gaps_found: int) -> Notices:
    inboxes = [shop.inbox for shop in shops]
    return Notices(
        delivered=sum(inbox.delivered for inbox in inboxes),
        refused=sum(inbox.refused for inbox in inboxes),
        delivered_by_retry=sum(inbox.retried for inbox in inboxes),
        repeated=sum(inbox.repeated for inbox in inboxes),
        forged=sum(inbox.forged for inbox in inboxes),
        gaps_found=gaps_found,
        gaps_left=sum(shop.gaps_left() for shop in shops),
    )


def _requests(tally: Tally, evidence: Evidence, wrongly_doubled: tuple[str, ...]) -> Requests:
    return Requests(
        refused=evidence.refused,
        answers_verified=tally["answers_verified"],
        answers_forged=tally["answers_forged"],
        answers_of_5xx=tally["answers_of_5xx"],
        sent_twice_at_once=tally["sent_twice_at_once"],
        lines_cut=tally["lines_cut"],
        sent_under_a_new_key=tally["sent_under_a_new_key"],
        sent_again=tally["sent_again"],
        wrongly_doubled=wrongly_doubled,
    )

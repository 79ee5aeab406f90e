"""What an operator sees first: whether every unit of money is explained, and what needs somebody.

Composed from selectors, each of one or two queries. Whoever may not open a page is not shown its figures
either; the headline is for everybody.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

import payments.selectors.figures as business
from audit.admin import links
from audit.admin.columns import state_badge
from audit.admin.sheets import Heading, Table
from audit.admin.values import BLANK, Anchor, Badge, Link
from audit.selectors import QueueState
from config.queues import queues
from ledger.admin.amounts import Amount, Figures
from payments.selectors.figures import ChannelSuccess, Result, Volume
from reconciliation.selectors import exceptions, headline
from reconciliation.selectors.headline import AtWork, Unexplained
from reconciliation.selectors.latest import latest_runs
from reconciliation.states import COLOURS, TICKETS_AT_WORK, DiscrepancyKind, RunState

AT_WORK = sorted(TICKETS_AT_WORK)
DAYS = 14
SHOWN_TICKETS = 5
SHOWN_RUNS = 5
# A queue whose oldest row has waited longer than this is not being worked on.
STUCK_SECONDS = 300


class Queue(NamedTuple):
    title: str
    model: str


QUEUES = {
    "callbacks": Queue("Callbacks to apply", "payments.callbackreceipt"),
    "inquiries": Queue("Outcomes to ask for", "payments.attempt"),
    "refunds": Queue("Refunds to pursue", "payments.refund"),
    "payment_expiry": Queue("Payments to close", "payments.payment"),
    "order_expiry": Queue("Orders to close", "payments.order"),
    "suspense_to_ticket": Queue("Suspense to take up", "payments.suspenseitem"),
    "webhooks": Queue("Webhooks to deliver", "merchants.webhookdelivery"),
    "statements": Queue("Statements to compare", "reconciliation.statementfile"),
}
CHART_OPTIONS = {
    "animation": False,
    "maintainAspectRatio": False,
    "interaction": {"mode": "index", "intersect": False},
    "plugins": {"legend": {"display": False}},
    "scales": {
        "x": {
            "stacked": True,
            "grid": {"display": False},
            "ticks": {"color": "#6b7280", "maxRotation": 0, "autoSkipPadding": 12},
        },
        "y": {
            "stacked": True,
            "beginAtZero": True,
            "border": {"display": False},
            "grid": {"color": "rgba(128, 136, 150, 0.18)"},
            "ticks": {"precision": 0, "maxTicksLimit": 5, "color": "#6b7280"},
        },
    },
}
RESULT_COLOURS = {
    Result.SUCCEEDED: "#2f9e5f",
    Result.WAITING: "#e3a12f",
    Result.FAILED: "#d4493e",
    Result.GIVEN_UP: "#9aa5b4",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One reason why money is unexplained, linked to where it can be looked into."""

    label: Anchor
    amount: Amount


@dataclass(frozen=True, slots=True)
class Line:
    """The headline of one currency."""

    currency: str
    amount: Amount
    parts: Sequence[Part]

    @property
    def is_explained(self) -> bool:
        return not self.amount.amount_minor


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by Unfold for the index page."""
    now = timezone.now()  # noqa: TID251 - a door
    today = datetime.combine(now.astimezone(UTC).date(), time.min, tzinfo=UTC)
    with links.viewing(request.user):
        states = queues(now=now)
        lines = [_line(found) for found in headline.unexplained()]
        shown: dict[str, Any] = {
            "lines": lines,
            "is_explained": all(line.is_explained for line in lines),
            "at_work": [_at_work(found) for found in headline.at_work()],
            "needs": _needs(states, now=now),
        }
        if links.may_view("payments", "payment"):
            shown |= _business(today)
        if links.may_view("reconciliation", "ticket"):
            shown |= {"tickets": _tickets(now), "runs": _runs()}
        if links.may_view("payments", "attempt"):
            shown |= {"queues": _queues(states)}
        # Rendered while the links still know for whom.
        body = render_to_string("admin/today.html", shown)
    return {**context, "title": "Today", "body": body}


def _line(found: Unexplained) -> Line:
    parts = (
        (
            "In suspense without a ticket",
            found.suspense_without_ticket_minor,
            links.list_url("payments", "suspenseitem", cleared_at__isnull="True"),
        ),
        (
            "Suspense accounts against their items",
            found.suspense_account_minor,
            links.list_url("ledger", "account", kind__exact="suspense", currency=found.currency),
        ),
        (
            "On statements, neither settled nor in a ticket",
            found.lines_minor,
            links.list_url(
                "reconciliation", "statementline", state__exact="new", currency=found.currency
            ),
        ),
        (
            "What channels owe us against what they have not paid",
            found.receivable_minor,
            links.list_url(
                "ledger", "account", kind__exact="channel_receivable", currency=found.currency
            ),
        ),
    )
    return Line(
        currency=found.currency,
        amount=Amount(found.total_minor, found.currency),
        parts=[
            Part(Anchor(label, url), Amount(amount_minor, found.currency))
            for label, amount_minor, url in parts
            if amount_minor
        ],
    )


def _at_work(found: AtWork) -> Amount:
    return Amount(found.amount_minor, found.currency)


def _needs(states: Mapping[str, QueueState], *, now: datetime) -> list[Anchor]:
    """What waits for a person, in words; empty on a good day."""
    needs = []
    overdue = exceptions.overdue_count(now=now)
    if overdue:
        url = links.list_url("reconciliation", "ticket", state__exact=AT_WORK)
        needs.append(Anchor(_count(overdue, "ticket is overdue", "tickets are overdue"), url))
    for kind, state in states.items():
        if state.dead:
            words = _count(state.dead, "was given up", "were given up")
            needs.append(Anchor(f"{QUEUES[kind].title}: {words}", _work(kind, "dead")))
        if state.oldest_seconds > STUCK_SECONDS:
            waiting = f"{QUEUES[kind].title}: waiting for {_span(state.oldest_seconds)}"
            needs.append(Anchor(waiting, _work(kind, "owed")))
    return needs


def _business(today: datetime) -> dict[str, Any]:
    first = today - timedelta(days=DAYS - 1)
    by_day = business.results_by_day(since=first)
    days = [(first + timedelta(days=n)).date() for n in range(DAYS)]
    counts = {result: [by_day.get(day, Counter())[result] for day in days] for result in Result}
    return {
        "chart": _chart(days, counts),
        "chart_options": json.dumps(CHART_OPTIONS),
        "legend": [
            (result.capitalize(), RESULT_COLOURS[result], sum(counts[result])) for result in Result
        ],
        "days": list(zip(days, *counts.values(), strict=True)),
        "volumes": _volumes(business.volumes(since=today)),
        "channels": [_channel(one) for one in business.success_by_channel(since=first)],
    }


def _chart(days: Sequence[date], counts: Mapping[Result, Sequence[int]]) -> str:
    return json.dumps(
        {
            "labels": [f"{day:%d %b}".lstrip("0") for day in days],
            "datasets": [
                {
                    "label": result.capitalize(),
                    "data": counts[result],
                    "backgroundColor": RESULT_COLOURS[result],
                    "stack": "payments",
                    "borderRadius": 2,
                }
                for result in Result
            ],
        }
    )


def _volumes(volumes: Sequence[Volume]) -> Table:
    number = [
        Heading(label, number=True) for label in ("Payments", "Collected", "Our fees", "Refunded")
    ]
    return Table(
        "Today so far",
        ["", *number],
        [
            (
                volume.currency,
                f"{volume.payments:,}",
                Figures(volume.collected_minor, volume.currency),
                Figures(volume.fee_minor, volume.currency),
                Figures(volume.refunded_minor, volume.currency),
            )
            for volume in volumes
        ],
        empty="No money has moved yet today.",
    )


def _channel(one: ChannelSuccess) -> dict[str, Any]:
    return {
        "name": Link(one.public_id, one.title),
        "percent": one.percent,
        "words": f"{one.succeeded:,} of {one.succeeded + one.failed:,}",
    }


def _tickets(now: datetime) -> Table:
    tickets = list(exceptions.tickets_at_work()[:SHOWN_TICKETS])
    return Table(
        "Open tickets",
        ["Ticket", Heading("At stake", number=True), "Channel", "Owner", "Open for"],
        [
            (
                Link(ticket.public_id, DiscrepancyKind(ticket.kind).label),
                Amount(ticket.amount_minor, ticket.currency),
                ticket.channel_account.title,
                (ticket.owner.get_full_name() or ticket.owner.username)
                if ticket.owner
                else "Nobody yet",
                _age(ticket.opened_at, ticket.sla_due_at, now),
            )
            for ticket in tickets
        ],
        empty="No ticket is open. Everything that differed has been explained.",
        more=links.list_url("reconciliation", "ticket", state__exact=AT_WORK),
    )


def _runs() -> Table:
    return Table(
        "Last reconciliations",
        [
            "Run",
            "Channel",
            "State",
            Heading("Lines", number=True),
            Heading("Differences", number=True),
        ],
        [
            (
                Link(run.public_id, str(run.business_date)),
                run.channel_account.title,
                state_badge(run.state, labels=dict(RunState.choices), colours=COLOURS),
                f"{run.line_count:,}",
                Badge(str(total), "danger")
                if (total := sum(run.discrepancies.values()))
                else "None",
            )
            for run in latest_runs(SHOWN_RUNS)
        ],
        empty="No statement has been compared yet. The nightly run is at 03:15.",
        more=links.list_url("reconciliation", "run"),
    )


def _queues(states: Mapping[str, QueueState]) -> Table:
    return Table(
        "Work under way",
        [
            "Queue",
            Heading("Due", number=True),
            Heading("At work", number=True),
            Heading("Given up", number=True),
            Heading("Oldest", number=True),
        ],
        [
            (
                Anchor(QUEUES[kind].title, _work(kind, "owed")),
                state.due or BLANK,
                state.leased or BLANK,
                Anchor(Badge(str(state.dead), "danger"), _work(kind, "dead"))
                if state.dead
                else BLANK,
                _span(state.oldest_seconds) if state.oldest_seconds else BLANK,
            )
            for kind, state in states.items()
        ],
    )


def _work(kind: str, work: str) -> str:
    app, model = QUEUES[kind].model.split(".")
    return links.list_url(app, model, work=work)


def _age(opened_at: datetime, due_at: datetime, now: datetime) -> Badge:
    age = _span((now - opened_at).total_seconds())
    return Badge(f"{age}, overdue", "danger") if due_at < now else Badge(age)


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"

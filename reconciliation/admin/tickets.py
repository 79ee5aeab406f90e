"""Tickets: a difference, both sides of it, who works on it, and how it ended."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_fsm import TransitionNotAllowed

from audit.admin import links
from audit.admin.asking import Ask, Request
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import ChoicesCheckboxFilter, DaysFilter, RelatedDropdownFilter
from audit.admin.sheets import Fact, Facts, Figure, Section, Sheet, Table
from audit.admin.values import Badge, Evidence, Link, words
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from reconciliation.admin import parts
from reconciliation.models import StatementLine, Ticket
from reconciliation.services import resolutions
from reconciliation.states import TICKETS_AT_WORK, DiscrepancyKind, TicketState

# Beside each other on the page, in this order; the rest of the evidence is folded away.
COMPARED = ("state", "amount_minor", "fee_minor", "occurred_at")
AMOUNTS = frozenset({"amount_minor", "fee_minor"})

_K = DiscrepancyKind
EXPLANATIONS: dict[DiscrepancyKind, str] = {
    _K.MISSING_HERE: "The channel lists money that we do not know. It is held in suspense until"
    " somebody finds whose it is, or gives it back.",
    _K.MISSING_AT_CHANNEL: "We booked money that the channel does not list for this day. It may come"
    " on a later statement; until then the channel owes us nothing for it.",
    _K.AMOUNT_MISMATCH: "The channel took or lists another amount than we asked for or booked. Ask the"
    " channel which one is right.",
    _K.CURRENCY_MISMATCH: "The channel lists another currency than we booked.",
    _K.STATE_MISMATCH: "One side says that the money moved, the other that it did not.",
    _K.FEE_MISMATCH: "The channel kept another fee than its contract says. The money is settled as the"
    " channel paid it; the difference has to be claimed from the channel.",
    _K.DUPLICATE_LINE: "The channel lists the same movement twice. Only one of the lines is settled.",
    _K.LATE_SUCCESS: "The payer's money came after the payment had been closed. It is held in"
    " suspense until it is given back or taken for the order.",
    _K.PAID_TWICE: "The order was paid already. The second payment is held in suspense until it is"
    " given back.",
}


def due_badge(ticket: Ticket) -> Badge:
    """How long somebody has left to explain it."""
    if ticket.state not in TICKETS_AT_WORK:
        return Badge("Done")
    left = ticket.sla_due_at - timezone.now()
    hours = int(left.total_seconds() // 3600)
    if hours < 0:
        return Badge(f"{_span(-hours)} late", "danger")
    return Badge(f"{_span(hours)} left", "warning" if hours < 6 else "info")


def _take(ticket: Ticket, confirmed: Request) -> str:
    owner = get_user_model().objects.get(public_id=confirmed.by.id)
    resolutions.take(
        ticket=ticket.public_id,
        owner=owner,
        reason=confirmed.reason,
        by=confirmed.by,
        now=confirmed.now,
    )
    return "This ticket is yours now."


def _put_back(ticket: Ticket, confirmed: Request) -> str:
    resolutions.put_back(
        ticket=ticket.public_id, reason=confirmed.reason, by=confirmed.by, now=confirmed.now
    )
    return "The ticket is free for somebody else."


def _resolve(ticket: Ticket, confirmed: Request) -> str:
    resolutions.resolve(
        ticket=ticket.public_id, reason=confirmed.reason, by=confirmed.by, now=confirmed.now
    )
    return "The ticket is resolved."


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    id_prefix = "tkt"
    list_display = (
        IdColumn(),
        TimeColumn("opened_at", "Opened"),
        parts.state_column(DiscrepancyKind, "kind", "Why"),
        MoneyColumn("amount_minor", "At stake"),
        LinkColumn("channel_account.public_id", "Channel", text="channel_account.title"),
        LinkColumn("payment", "Payment"),
        parts.state_column(TicketState),
        LinkColumn("owner.public_id", "Owner"),
        ComputedColumn(due_badge, "Time", name="due"),
    )
    list_select_related = ("channel_account", "owner")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("kind", ChoicesCheckboxFilter),
        ("channel_account", RelatedDropdownFilter),
        CurrencyFilter,
        ("opened_at", DaysFilter),
    )
    search_ids = {
        "tkt": "public_id",
        "pay": "payment",
        "cap": "fact",
        "ref": "fact",
        "sus": "suspense_item",
        "att": "our_reference",
    }
    search_exact = ("our_reference", "their_reference")
    search_help_text = "Any id, or the channel's reference"
    named = ("payment", "owner.public_id")
    asks = (
        Ask(
            name="take",
            label="Take it",
            permission="reconciliation.change_ticket",
            consequence="Your name stands on the ticket until it is resolved or put back.",
            carry_out=_take,
            possible=lambda ticket: ticket.state == TicketState.OPEN,
            refusals=(TransitionNotAllowed,),
            icon="front_hand",
        ),
        Ask(
            name="put-back",
            label="Put it back",
            permission="reconciliation.change_ticket",
            consequence="The ticket is open again, for anybody to take.",
            carry_out=_put_back,
            possible=lambda ticket: ticket.state == TicketState.INVESTIGATING,
            refusals=(TransitionNotAllowed,),
            icon="undo",
        ),
        Ask(
            name="resolve",
            label="Resolve",
            permission="reconciliation.change_ticket",
            consequence="The ticket ends with your explanation, which the next reader will look for."
            " No money moves by this: what is in suspense has to be placed first.",
            carry_out=_resolve,
            possible=lambda ticket: ticket.state in TICKETS_AT_WORK,
            refusals=(
                TransitionNotAllowed,
                resolutions.MoneyStillInSuspense,
                resolutions.ReasonMissing,
            ),
            icon="task_alt",
        ),
    )

    def sheet_rows(self) -> QuerySet[Ticket]:
        return Ticket.objects.select_related("channel_account", "owner", "run")

    def sheet(self, request: HttpRequest, row: Ticket) -> Sheet:
        links.learn([row.payment])
        lines = StatementLine.objects.filter(ticket=row).select_related(
            "file", "ticket", "settlement_item__settlement"
        )
        return Sheet(
            heading=DiscrepancyKind(row.kind).label,
            badges=[parts.badge(TicketState, row.state), due_badge(row)],
            figures=[
                Figure("At stake", Amount(row.amount_minor, row.currency)),
                Figure("Payment", Link(row.payment) if row.payment else "Unknown to us"),
                Figure("Channel", Link(row.channel_account.public_id, row.channel_account.title)),
                Figure("Owner", _owner(row)),
            ],
            notice=EXPLANATIONS[DiscrepancyKind(row.kind)],
            main=[
                *_ending(row),
                *_both_sides(row),
                parts.lines_table(lines.defer("file__raw").order_by("pk")),
            ],
            side=[Facts("About", _about(row))],
        )


def _about(ticket: Ticket) -> list[Fact]:
    return [
        Fact("Opened", ticket.opened_at),
        Fact("To be explained by", ticket.sla_due_at),
        Fact("Business day", str(ticket.business_date)),
        Fact("Our reference", Link(ticket.our_reference) if ticket.our_reference else None),
        Fact("Channel's reference", ticket.their_reference),
        Fact("Booked as", Link(ticket.fact) if ticket.fact else None),
        Fact("Suspense item", Link(ticket.suspense_item) if ticket.suspense_item else None),
        Fact("Statement", _statement(ticket)),
        Fact("Found by", Link(ticket.run.public_id) if ticket.run else "Payments itself"),
    ]


def _statement(ticket: Ticket) -> Link | None:
    named = ticket.evidence.get("statement")
    return Link(str(named)) if named else None


def _owner(ticket: Ticket) -> Link | str:
    owner: Any = ticket.owner
    return Link(owner.public_id, owner.get_full_name() or owner.username) if owner else "Nobody yet"


def _ending(ticket: Ticket) -> list[Section]:
    if not ticket.resolved_at:
        return []
    facts = [
        Fact("Explanation", ticket.resolution),
        Fact("By", _by(ticket.resolved_by)),
        Fact("When", ticket.resolved_at),
    ]
    if ticket.proof:
        facts.append(Fact("Proof", Evidence("Show", ticket.proof)))
    return [Facts("How it ended", facts)]


def _by(actor: str) -> Link:
    return Link(actor.partition(":")[2])


def _both_sides(ticket: Ticket) -> list[Section]:
    theirs, ours = ticket.evidence.get("channel") or {}, ticket.evidence.get("ours") or {}
    if not theirs and not ours:
        return []
    if theirs:
        # What we say of a fee is what the contract says of this line.
        agreed = {"fee_minor": theirs.get("fee_agreed_minor"), "currency": theirs["currency"]}
        ours = {**agreed, **ours}
    rows = [
        (words(name.removesuffix("_minor")), _side(theirs, name), _side(ours, name))
        for name in COMPARED
    ]
    return [
        Table(
            "Both sides, as they were seen",
            ["", "The channel says", "We say"],
            rows,
            note=Evidence("All the evidence", ticket.evidence),
        )
    ]


def _side(side: dict[str, Any], name: str) -> Any:
    value = side.get(name)
    if value is None:
        return "Nothing" if name == "state" else None
    if name in AMOUNTS:
        return Amount(int(value), str(side["currency"]))
    moment: datetime | None = parse_datetime(str(value)) if name == "occurred_at" else None
    return moment or words(str(value))


def _span(hours: int) -> str:
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"

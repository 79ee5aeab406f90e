"""What several pages of reconciliation show alike."""

from collections.abc import Iterable

from django.db.models import TextChoices

from audit.admin import links
from audit.admin.columns import StateColumn, state_badge
from audit.admin.sheets import Heading, Table
from audit.admin.values import Anchor, Badge, Link
from ledger.admin.amounts import Amount
from reconciliation.models import Settlement, StatementLine, Ticket
from reconciliation.states import COLOURS, DiscrepancyKind, LineState, TicketState


def state_column(states: type[TextChoices], path: str = "state", title: str = "") -> StateColumn:
    return StateColumn(path, title, labels=dict(states.choices), colours=COLOURS)


def badge(states: type[TextChoices], state: str) -> Badge:
    return state_badge(state, labels=dict(states.choices), colours=COLOURS)


def tickets_table(tickets: Iterable[Ticket], title: str = "Tickets") -> Table:
    return Table(
        title,
        ["Ticket", "Why", "State", "Opened", Heading("At stake", number=True)],
        [
            (
                Link(ticket.public_id),
                DiscrepancyKind(ticket.kind).label,
                badge(TicketState, ticket.state),
                ticket.opened_at,
                Amount(ticket.amount_minor, ticket.currency),
            )
            for ticket in tickets
        ],
        empty="Nobody has had to explain anything.",
    )


def lines_table(
    lines: Iterable[StatementLine], title: str = "On the channel's statements"
) -> Table:
    """Their files, tickets and settlements are selected."""
    return Table(
        title,
        [
            "Line",
            "Channel says",
            "When",
            Heading("Amount", number=True),
            Heading("Fee", number=True),
            "Compared",
            "Settled in",
        ],
        [
            (
                line_link(line),
                f"{line.kind.capitalize()} {line.channel_state}",
                line.occurred_at,
                Amount(line.amount_minor, line.currency),
                Amount(line.fee_minor, line.currency),
                Link(line.ticket.public_id, LineState(line.state).label)
                if line.ticket
                else badge(LineState, line.state),
                settlement_link(line),
            )
            for line in lines
        ],
        empty="Not on any statement yet.",
    )


def settlements_table(settlements: Iterable[Settlement]) -> Table:
    return Table(
        "Settlements",
        ["Settlement", "Day", Heading("Gross", number=True), Heading("Net", number=True)],
        [
            (
                Link(settlement.public_id),
                settlement.business_date,
                Amount(settlement.gross_minor, settlement.currency),
                Amount(settlement.net_minor, settlement.currency),
            )
            for settlement in settlements
        ],
        empty="Nothing has been settled.",
    )


def line_link(line: StatementLine) -> Anchor:
    text = f"{line.file.business_date}, line {line.line_number}"
    return Anchor(text, links.row_url("reconciliation", "statementline", line.pk))


def settlement_link(line: StatementLine) -> Link | str:
    item = getattr(line, "settlement_item", None)
    return Link(item.settlement.public_id, "Settlement") if item else "Not yet"

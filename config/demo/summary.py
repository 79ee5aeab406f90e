"""The day on one page, for somebody who keeps books and does not read code."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.align import Align
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.demo.cast import shop
from config.demo.results import Day, complaints, remarks
from ledger.money import Money

MOST_LISTED = 20
PLANTS = {
    "unknown_line": "a payment that we know nothing of",
    "amount_differs": "an amount that is one unit too high",
    "fee_differs": "a fee that is one unit too high",
    "duplicate_line": "the same line twice",
    "omit_line": "a payment that is left out",
}
KINDS = {
    "amount_mismatch": "another amount than asked",
    "late_success": "paid after the shop had canceled",
    "paid_twice": "order paid twice",
    "unknown_payment": "payment that we do not know",
}
SCENARIOS = {
    "succeed": "paid at once",
    "decline": "declined",
    "pending_then_succeed": "pending, paid later",
    "requires_redirect": "payer sent to the bank's page",
    "requires_redirect_auto": "bank's page, paid by itself",
    "charge_then_timeout": "charged, then no answer",
    "charge_then_500": "charged, then error 500",
    "garbage_answer": "charged, then garbage for an answer",
    "callback_twice": "callback delivered twice",
    "callbacks_out_of_order": "callbacks out of order",
    "callback_before_answer": "callback before the answer",
    "forged_callback": "a forged callback says paid",
    "wrong_amount": "channel takes a wrong amount",
    "late_success": "paid after it was closed",
    "not_found_then_paid": "not found, then paid after all",
    "lost_callback": "callback lost",
    "timeout_not_charged": "no answer, and never charged",
}


def show(console: Console, day: Day) -> None:
    console.print()
    console.rule("[bold]The day")
    for table in (
        _payments(day),
        _money(day),
        _scenarios(day),
        _messages(day),
        _planted(day),
        _parked(day),
        _witness(day),
        _books(day),
    ):
        console.print(table)
    console.print(headline(day))


def headline(day: Day) -> RenderableType:
    wrong = complaints(day)
    figures = [
        f"Unexplained money: {_amount(minor, currency)} {currency}"
        for currency, minor in sorted(day.unexplained.items())
    ]
    lines: list[RenderableType] = [Align.center(Text("\n".join(figures), "bold"))]
    lines += _listed(remarks(day), "yellow")
    lines += _listed(wrong, "red")
    return Panel(Group(*lines), border_style="red" if wrong else "green", padding=(1, 4))


def _listed(found: Sequence[str], style: str) -> list[Text]:
    lines = [Text(f"- {one}", style) for one in found[:MOST_LISTED]]
    if len(found) > len(lines):
        lines.append(Text(f"and {len(found) - len(lines)} more", style))
    return [Text(), *lines] if lines else []


def _payments(day: Day) -> Table:
    table = _table(
        f"{day.payments} payments in {day.seconds:.0f} seconds (seed {day.seed})",
        ["shop", "currency"],
        ["payments", "succeeded", "failed", "expired", "canceled", "unfinished"],
    )
    for one in day.shops:
        counts = (one.tried, one.succeeded, one.failed, one.expired, one.canceled, one.unfinished)
        table.add_row(shop(one.shop).name, one.currency, *(f"{count:,}" for count in counts))
    return table


def _money(day: Day) -> Table:
    table = _table(
        "What the shops took today, and what we owe them now",
        ["shop", "currency"],
        ["gross", "refunds", "our fees", "pending", "available"],
    )
    for one in day.shops:
        sums = (
            one.gross_minor,
            one.refunded_minor,
            one.fees_minor,
            one.pending_minor,
            one.available_minor,
        )
        cells = (_amount(minor, one.currency) for minor in sums)
        table.add_row(shop(one.shop).name, one.currency, *cells)
    table.caption = "pending: collected, not yet settled by the channel; available: settled"
    return table


def _scenarios(day: Day) -> Table:
    table = _table("What the channel did, and how it ended", ["what happened"], ["payments"])
    table.add_column("ended as")
    for one in sorted(day.scenarios, key=lambda line: (-line.payments, line.scenario)):
        endings = ", ".join(
            f"{count} {ending}"
            for ending, count in sorted(one.endings.items(), key=lambda pair: -pair[1])
        )
        table.add_row(SCENARIOS.get(one.scenario, one.scenario), str(one.payments), endings)
    return table


def _messages(day: Day) -> Table:
    requests, callbacks, notices = day.requests, day.callbacks, day.notices
    table = _table("Messages, and what went wrong with them", ["what"], ["how often"])
    _rows(
        table,
        [
            ("answers of ours whose signature the shops verified", requests.answers_verified),
            ("requests sent twice at once", requests.sent_twice_at_once),
            ("lines cut while the shop waited, request sent again", requests.lines_cut),
            ("orders sent again under a new key", requests.sent_under_a_new_key),
            ("requests sent again after 409, 503 or a broken line", requests.sent_again),
            ("[bold]double charges prevented", requests.double_charges_prevented),
            ("double charges that happened", len(day.charged_more_than_once)),
            ("callbacks received", callbacks.received),
            ("callbacks that came again, and changed nothing", callbacks.repeated),
            ("forged callbacks refused", callbacks.forged),
            ("webhooks delivered", notices.delivered),
            ("webhooks refused by the shop at first", notices.refused),
            ("webhooks delivered by a later try", notices.delivered_by_retry),
            ("gaps in the event numbers, closed by reading /v1/events", notices.gaps_found),
            ("gaps left", notices.gaps_left),
        ],
    )
    for accident in day.accidents:
        after = "came back" if accident.came_back else "did not come back"
        table.add_row(f"{accident.what} was killed", after)
    return table


def _planted(day: Day) -> Table:
    night = day.reconciled
    found = sum(one.is_found for one in night.planted)
    table = _table(
        f"The statement: {night.lines:,} lines, {night.matched:,} matched,"
        f" {night.healed:,} healed; {found} of {len(night.planted)} planted differences found",
        ["planted", "found as", "ticket"],
    )
    for one in night.planted:
        ticket = one.ticket
        table.add_row(
            PLANTS.get(one.plant, one.plant),
            ticket.kind.replace("_", " ") if ticket else "[red]not found",
            ticket.id if ticket else "",
        )
    for ticket in night.strangers:
        table.add_row("[red]not planted", ticket.kind.replace("_", " "), ticket.id)
    return table


def _parked(day: Day) -> Table:
    table = _table(
        "Money in suspense: taken by the channel, waiting for a person's decision",
        ["why", "currency"],
        ["amount"],
    )
    table.add_column("ticket")
    for one in day.parked:
        table.add_row(
            KINDS.get(one.kind, one.kind),
            one.currency,
            _amount(one.amount_minor, one.currency),
            one.ticket or "[red]none",
        )
    return table


def _witness(day: Day) -> Table:
    table = _table(
        "The channel's own book beside ours, today",
        ["currency", "whose"],
        ["charges", "charged", "refunds", "refunded", "difference"],
    )
    for one in day.testimonies:
        table.add_row(
            one.currency,
            "the channel's",
            f"{one.their_charges:,}",
            _amount(one.their_charged_minor, one.currency),
            f"{one.their_refunds:,}",
            _amount(one.their_refunded_minor, one.currency),
            "",
        )
        table.add_row(
            "",
            "ours",
            f"{one.our_charges:,}",
            _amount(one.our_charged_minor, one.currency),
            f"{one.our_refunds:,}",
            _amount(one.our_refunded_minor, one.currency),
            f"[{'bold' if one.agrees else 'bold red'}]{_amount(one.difference_minor, one.currency)}",
        )
    return table


def _books(day: Day) -> Table:
    table = _table("The ledger", ["what"], ["figure"])
    _rows(
        table,
        [
            ("journals, each in balance", day.books.journals),
            ("entries", day.books.entries),
            ("violations that verify_ledger names", day.books.violations),
        ],
    )
    for one in day.books.trial:
        debit, credit, balance = (
            _amount(minor, one.currency)
            for minor in (one.debit_minor, one.credit_minor, one.balance_minor)
        )
        table.add_row(f"{one.currency}: debits {debit}, credits {credit}, together", balance)
    return table


def _table(title: str, words: Sequence[str], figures: Sequence[str] = ()) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold")
    table.caption_justify = "left"
    for name in words:
        table.add_column(name, overflow="fold")
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _rows(table: Table, rows: Iterable[tuple[str, int]]) -> None:
    for name, figure in rows:
        table.add_row(name, f"{figure:,}")


def _amount(minor: int, currency: str) -> str:
    return f"{Decimal(Money(minor, currency).major()):,}"

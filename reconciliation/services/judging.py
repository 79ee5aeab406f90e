"""Giving every line of a statement its verdict, and every booking of the day that no line speaks of.

Slice by slice, so that a statement of a million lines needs no more memory than one of a thousand; the
lines of a reference are in one slice. Each slice is written in one transaction.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from django.db import transaction
from django.db.models import Q

from payments.drafts import UnplacedMoney
from payments.selectors import bookings
from payments.services import suspense
from payments.states import SuspenseKind
from reconciliation import matching
from reconciliation.drafts import Difference, Judgement
from reconciliation.matching import Verdict
from reconciliation.models import Run, StatementFile, StatementLine
from reconciliation.services import healing, tickets
from reconciliation.services.hearing import Hearing
from reconciliation.states import DiscrepancyKind, LineState

SLICE = 2000

Judged = tuple[StatementLine, Verdict]


def judge(hearing: Hearing, told: Callable[[int], None]) -> int:
    """How many lines have a new verdict. `told` hears how many were looked at so far."""
    changed = looked_at = 0
    for lines in _slices(hearing.file):
        changed += _judge(hearing, lines)
        looked_at += len(lines)
        told(looked_at)
    return changed


def miss(hearing: Hearing) -> int:
    """How many bookings of the day have a new ticket because the statement does not show them."""
    day = hearing.file.business_date
    opened = 0
    for booked in bookings.of_day(channel_account=hearing.account, day=day):
        # A line of another day's statement shows it too; an older version of this day's does not.
        lines = StatementLine.objects.filter(
            Q(file=hearing.file) | ~Q(file__business_date=day),
            fact__in=[booking.fact for booking in booked],
        )
        shown = set(lines.values_list("fact", flat=True))
        unseen = [booking for booking in booked if booking.fact not in shown]
        verdicts = matching.match([], unseen, contract=hearing.contract)
        opened += _open(hearing, [hearing.difference(verdict) for verdict in verdicts])
    return opened


def _slices(file: StatementFile) -> Iterator[list[StatementLine]]:
    lines = StatementLine.objects.to_judge().filter(file=file).order_by("reference", "line_number")
    last = ""
    while found := list(lines.filter(reference__gt=last)[:SLICE]):
        last = found[-1].reference
        # The limit may have cut this reference's lines apart.
        yield [*(line for line in found if line.reference != last), *lines.filter(reference=last)]


def _judge(hearing: Hearing, lines: Sequence[StatementLine]) -> int:
    judged = hearing.verdicts(lines)
    healed = sum(
        healing.heal(hearing, line, verdict) for line, verdict in judged if verdict.may_heal
    )
    if healed:
        still = StatementLine.objects.to_judge().filter(pk__in=[line.pk for line in lines])
        judged = hearing.verdicts(list(still))
    with transaction.atomic():
        return healed + _write(hearing, judged)


def _write(hearing: Hearing, judged: Sequence[Judged]) -> int:
    occurrences = _occurrences(judged)
    news = [(line, verdict) for line, verdict in judged if _is_news(line, verdict)]
    if not news:
        return 0
    hearing.run()
    parked = {line.pk: _park(hearing, line) for line, verdict in news if verdict.is_unknown_money}
    differing = {
        line.pk: hearing.difference(
            verdict,
            occurrence=occurrences[line.pk],
            suspense_item=parked.get(line.pk, ""),
        )
        for line, verdict in news
        if verdict.kind
    }
    keys = tickets.ensure(
        list(differing.values()), channel_account=hearing.account, run=hearing.run, now=hearing.now
    )
    ticket_pks = dict(zip(differing, keys, strict=True))
    paid_before = _paid_by_older_versions(hearing.file, news)
    StatementLine.objects.all().judge(
        [
            _judgement(line, verdict, parked.get(line.pk, ""), ticket_pks.get(line.pk), paid_before)
            for line, verdict in news
        ],
        now=hearing.now,
    )
    agreed = [verdict.booking for _, verdict in news if verdict.money_fits and verdict.booking]
    tickets.heal_about(
        facts=[booking.fact for booking in agreed],
        references=[booking.reference for booking in agreed if not booking.in_suspense],
        file=hearing.file,
        by=hearing.by,
        now=hearing.now,
    )
    return len(news)


def _judgement(
    line: StatementLine,
    verdict: Verdict,
    parked: str,
    ticket_pk: int | None,
    paid_before: set[str],
) -> Judgement:
    booked = verdict.booking.fact if verdict.booking and verdict.booking.done else ""
    fact = parked or booked
    agreed = LineState.MATCHED if line.state == LineState.NEW else LineState.HEALED
    return Judgement(
        line_pk=line.pk,
        state=LineState.TICKETED if verdict.kind else agreed,
        verdict=verdict.kind,
        fact=fact,
        settles=bool(parked) or (verdict.money_fits and fact not in paid_before),
        ticket_pk=ticket_pk or line.ticket_id,
    )


def _is_news(line: StatementLine, verdict: Verdict) -> bool:
    return line.state == LineState.NEW or line.verdict != (verdict.kind or "")


def _occurrences(judged: Sequence[Judged]) -> dict[int, int]:
    """Which time a charge is listed, by line: counted over lines that were judged before, too."""
    seen: Counter[tuple[str, str]] = Counter()
    counted = {}
    for line, verdict in judged:
        if verdict.kind is DiscrepancyKind.DUPLICATE_LINE:
            seen[line.kind, line.channel_id] += 1
        counted[line.pk] = seen[line.kind, line.channel_id]
    return counted


def _park(hearing: Hearing, line: StatementLine) -> str:
    """Books money that the channel took and we know nothing of: the suspense item's public id, empty
    when a callback has booked it a moment ago."""
    item = suspense.park(
        money=UnplacedMoney(
            kind=SuspenseKind.UNKNOWN_PAYMENT,
            reference=line.reference,
            channel_id=line.channel_id,
            amount_minor=line.amount_minor,
            currency=line.currency,
            occurred_at=line.occurred_at,
        ),
        channel_account=hearing.account,
        payment=None,
        by=hearing.by,
        now=hearing.now,
    )
    return item.public_id if item else ""


def _paid_by_older_versions(file: StatementFile, news: Sequence[Judged]) -> set[str]:
    """Facts that an earlier file of the same day has settled: they stay settled by that one."""
    facts = [verdict.booking.fact for _, verdict in news if verdict.booking]
    older = StatementLine.objects.filter(
        fact__in=facts, settles=True, file__business_date=file.business_date
    ).exclude(file=file)
    return set(older.values_list("fact", flat=True))


def _open(hearing: Hearing, differences: Sequence[Difference]) -> int:
    opened: list[Difference] = []

    def run() -> Run:
        opened.extend(differences)
        return hearing.run()

    with transaction.atomic():
        tickets.ensure(differences, channel_account=hearing.account, run=run, now=hearing.now)
    return len(opened)

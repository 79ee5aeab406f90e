"""What the channel says happened on a day: the file as it came, and its lines as they were read."""

from collections.abc import Sequence
from datetime import date, datetime

import pgtrigger
from django.db import connection, models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import PUBLIC_ID_LENGTH, new_id
from audit.models.due import DueQuerySet, DueRow
from reconciliation.drafts import Judgement
from reconciliation.models import fields
from reconciliation.states import (
    FILE_MOVES,
    LINE_MOVES,
    DiscrepancyKind,
    FileSource,
    FileState,
    LineState,
)

# Seconds until a statement that was not ready, or not readable, is fetched again; past the end a
# person has to look.
FETCH_SCHEDULE_SECONDS = (60, 300, 900, 1800, *(3600,) * 4, *(3 * 3600,) * 4)


def new_file_id() -> str:
    return new_id("stm")


class StatementFileQuerySet(DueQuerySet["StatementFile"]):
    def of_day(self, *, channel_account_pk: int, business_date: date) -> "StatementFileQuerySet":
        return self.filter(channel_account_id=channel_account_pk, business_date=business_date)

    def with_unsettled_lines(self) -> "StatementFileQuerySet":
        unsettled = StatementLine.objects.unsettled().filter(file=models.OuterRef("pk"))
        return self.without_raw().filter(models.Exists(unsettled))

    def without_raw(self) -> "StatementFileQuerySet":
        """For lists: a file can weigh more than a page of anything else."""
        return self.defer("raw")


class StatementFile(ConcurrentTransitionMixin, DueRow):
    """Due until it is compared. The lease is also what keeps a day's comparison to one worker."""

    public_id = fields.public_id(new_file_id)
    channel_account = models.ForeignKey(
        "payments.ChannelAccount", on_delete=models.PROTECT, related_name="statement_files"
    )
    business_date = models.DateField(help_text="The UTC day that the statement is about.")
    source = models.CharField(max_length=8, choices=FileSource.choices)
    raw = models.BinaryField(default=b"", editable=False)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    size_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    state = fields.state(FileState, FileState.AWAITED)
    line_count = models.PositiveIntegerField(default=0, editable=False)
    refused_line = models.PositiveIntegerField(null=True, blank=True, editable=False)
    refused_because = models.CharField(max_length=255, blank=True, editable=False)
    received_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = StatementFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel_account", "business_date", "sha256"],
                condition=~models.Q(sha256=""),
                name="statement_of_a_day_is_kept_once",
            ),
            models.UniqueConstraint(
                fields=["channel_account", "business_date"],
                condition=models.Q(state=FileState.AWAITED),
                name="statement_of_a_day_is_awaited_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[FileState.AWAITED, FileState.REPEATED], sha256="")
                | (
                    ~models.Q(state__in=[FileState.AWAITED, FileState.REPEATED])
                    & models.Q(sha256__regex=r"^[0-9a-f]{64}$", received_at__isnull=False)
                ),
                name="statement_is_named_by_its_bytes",
            ),
        ]
        indexes = [
            models.Index(fields=["business_date", "channel_account"], name="statement_by_day"),
            # read by reconciliation.tasks.pursue_statements
            models.Index(
                fields=["due_at"],
                name="statement_due",
                condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
            ),
        ]
        triggers = [
            fields.legal_moves("statement_moves_are_legal", FILE_MOVES),
            fields.never_deleted("statements_are_never_deleted"),
            fields.never_truncated("statements_are_never_truncated"),
            pgtrigger.Protect(
                name="statement_stays_as_it_came",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'awaited' AND (OLD.raw, OLD.sha256, OLD.source)"
                    " IS DISTINCT FROM (NEW.raw, NEW.sha256, NEW.source)"
                    " OR (OLD.public_id, OLD.channel_account_id, OLD.business_date)"
                    " IS DISTINCT FROM (NEW.public_id, NEW.channel_account_id, NEW.business_date)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @transition(field=state, source=FileState.AWAITED, target=FileState.KEPT)
    def keep(self, *, raw: bytes, sha256: str, now: datetime) -> None:
        """The bytes are here, whatever they say."""
        self.raw, self.sha256, self.size_bytes = raw, sha256, len(raw)
        self.received_at = now

    @transition(field=state, source=FileState.AWAITED, target=FileState.REPEATED)
    def repeat(self) -> None:
        """The channel gave the same bytes as another file of the day."""

    @transition(
        field=state, source=fields.sources(FILE_MOVES, FileState.READ), target=FileState.READ
    )
    def read(self, *, line_count: int) -> None:
        self.line_count = line_count
        self.refused_line, self.refused_because = None, ""

    @transition(field=state, source=FileState.KEPT, target=FileState.REFUSED)
    def refuse(self, *, line_number: int, because: str) -> None:
        self.refused_line, self.refused_because = line_number, because[:255]

    @transition(field=state, source=FileState.READ, target=FileState.COMPARED)
    def compare(self) -> None:
        """Every line has its verdict."""


class StatementLineQuerySet(models.QuerySet["StatementLine"]):
    def unsettled(self) -> "StatementLineQuerySet":
        """Matched lines whose settlement is not booked yet."""
        return self.filter(settles=True, settlement_item=None)

    def to_judge(self) -> "StatementLineQuerySet":
        """New, or at somebody's desk without being paid for: what is found out later may explain it."""
        return self.filter(
            models.Q(state=LineState.NEW) | models.Q(state=LineState.TICKETED, settles=False)
        )

    def judge(self, judgements: Sequence[Judgement], *, now: datetime) -> None:
        """Thousands of verdicts in one statement; the database refuses an illegal move all the same."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE reconciliation_statementline AS line
                   SET state = judged.state, verdict = judged.verdict, fact = judged.fact,
                       settles = judged.settles, ticket_id = judged.ticket_id, judged_at = %s
                  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bool[],
                              %s::bigint[])
                       AS judged (id, state, verdict, fact, settles, ticket_id)
                 WHERE line.id = judged.id
                """,
                [
                    now,
                    [judgement.line_pk for judgement in judgements],
                    [str(judgement.state) for judgement in judgements],
                    [str(judgement.verdict or "") for judgement in judgements],
                    [judgement.fact for judgement in judgements],
                    [judgement.settles for judgement in judgements],
                    [judgement.ticket_pk for judgement in judgements],
                ],
            )


class StatementLine(models.Model):
    """One line: facts that never change, and what was found out about it.

    `state` is not an FSMField: a statement has 100,000 lines, and their verdicts are written in bulk
    by `judge`; the trigger guards the moves.
    """

    # No index of its own: the line numbers' begins with it.
    file = models.ForeignKey(
        StatementFile, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    line_number = models.PositiveIntegerField()
    kind = models.CharField(
        max_length=8, choices=[("payment", "Payment"), ("refund", "Refund")], help_text="Which way."
    )
    reference = models.CharField(
        max_length=fields.REFERENCE_LENGTH, help_text="Our reference, as the channel gives it."
    )
    channel_id = models.CharField(max_length=fields.REFERENCE_LENGTH)
    amount_minor = fields.amount_minor()
    currency = fields.currency()
    fee_minor = fields.amount_minor()
    channel_state = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    raw = models.TextField()
    state = models.CharField(max_length=20, choices=LineState.choices, default=LineState.NEW)
    verdict = models.CharField(max_length=20, choices=DiscrepancyKind.choices, blank=True)
    fact = models.CharField(
        max_length=PUBLIC_ID_LENGTH,
        blank=True,
        help_text="Public id of the capture, refund or suspense item that it is about.",
    )
    settles = models.BooleanField(
        default=False, help_text="The channel pays for this line; see its settlement."
    )
    ticket = models.ForeignKey(
        "reconciliation.Ticket",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="lines",
    )
    judged_at = models.DateTimeField(null=True, blank=True)

    objects = StatementLineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "line_number"], name="statement_lines_are_numbered_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="statement_line_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["payment", "refund"]),
                name="statement_line_is_a_payment_or_a_refund",
            ),
            models.CheckConstraint(
                condition=models.Q(settles=False) | ~models.Q(fact=""),
                name="statement_line_settles_a_fact",
            ),
            models.CheckConstraint(
                condition=models.Q(state=LineState.TICKETED, ticket__isnull=False)
                & ~models.Q(verdict="")
                | ~models.Q(state=LineState.TICKETED) & models.Q(verdict=""),
                name="statement_line_with_a_discrepancy_has_a_ticket",
            ),
            models.UniqueConstraint(
                fields=["fact"],
                condition=models.Q(settles=True),
                name="a_fact_is_paid_by_one_line",
            ),
        ]
        indexes = [
            models.Index(fields=["reference"], name="statement_line_by_reference"),
            models.Index(
                fields=["fact"],
                name="statement_line_by_fact",
                condition=~models.Q(fact=""),
            ),
            # read slice by slice, all lines of a reference together
            models.Index(
                fields=["file", "reference", "line_number"], name="statement_line_in_file"
            ),
            # read by the headline
            models.Index(
                fields=["file"],
                name="statement_line_new",
                condition=models.Q(state=LineState.NEW),
            ),
        ]
        triggers = [
            fields.legal_moves("statement_line_moves_are_legal", LINE_MOVES),
            fields.never_deleted("statement_lines_are_never_deleted"),
            fields.never_truncated("statement_lines_are_never_truncated"),
            pgtrigger.ReadOnly(
                name="statement_lines_stay_as_they_came",
                fields=[
                    "file",
                    "line_number",
                    "kind",
                    "reference",
                    "channel_id",
                    "amount_minor",
                    "currency",
                    "fee_minor",
                    "channel_state",
                    "occurred_at",
                    "raw",
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line_number} of file {self.file_id}"

"""One comparison of a statement with what payments says."""

from datetime import datetime

from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from reconciliation.models import fields
from reconciliation.models.statement import StatementFile
from reconciliation.states import RUN_MOVES, RunState


def new_run_id() -> str:
    return new_id("rec")


class Run(ConcurrentTransitionMixin, models.Model):
    """A run that died is taken up again as the same run; a repeat that finds nothing new leaves none."""

    public_id = fields.public_id(new_run_id)
    channel_account = models.ForeignKey(
        "payments.ChannelAccount", on_delete=models.PROTECT, related_name="reconciliation_runs"
    )
    business_date = models.DateField()
    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="runs")
    state = fields.state(RunState, RunState.RUNNING)
    line_count = models.PositiveIntegerField(default=0)
    matched_count = models.PositiveIntegerField(default=0)
    healed_count = models.PositiveIntegerField(default=0)
    discrepancies = models.JSONField(default=dict, help_text="How many of each kind.")
    triggered_by = models.CharField(max_length=96)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel_account", "business_date"],
                condition=models.Q(state=RunState.RUNNING),
                name="a_day_is_reconciled_by_one_run_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state=RunState.FINISHED, finished_at__isnull=False)
                | (~models.Q(state=RunState.FINISHED) & models.Q(finished_at=None)),
                name="a_finished_run_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["business_date", "channel_account"], name="run_by_day"),
        ]
        triggers = [
            fields.legal_moves("run_moves_are_legal", RUN_MOVES),
            fields.never_deleted("runs_are_never_deleted"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @transition(field=state, source=RunState.RUNNING, target=RunState.FINISHED)
    def finish(
        self, *, matched: int, healed: int, discrepancies: dict[str, int], at: datetime
    ) -> None:
        self.matched_count, self.healed_count = matched, healed
        self.discrepancies = discrepancies
        self.finished_at = at

    @transition(field=state, source=RunState.RUNNING, target=RunState.INTERRUPTED)
    def interrupt(self) -> None:
        """Its worker died, and another file of the day has come meanwhile."""

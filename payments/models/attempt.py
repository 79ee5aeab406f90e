"""One try to collect a payment on one channel. Its public id is our reference at the channel."""

from datetime import datetime

from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from audit.models.due import DueQuerySet, DueRow
from payments.models import fields
from payments.states import ATTEMPT_MOVES, OPEN_ATTEMPT_STATES, AttemptState, sources

# How long we wait before asking the channel again, in seconds; past the end a person has to look.
INQUIRY_SCHEDULE_SECONDS = (
    *(5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600),
    *(3600 * hours for hours in (2, 4, 6, 12)),
)
# What `owe` changes.
OWED_FIELDS = ("due_at", "attempts", "dead_at", "lease_until", "lease_token")


def new_attempt_id() -> str:
    return new_id("att")


class AttemptQuerySet(DueQuerySet["Attempt"]):
    """Typed: what comes out of it is an Attempt."""


class Attempt(ConcurrentTransitionMixin, DueRow):
    """Due when the channel has to be asked what became of it (or, with `close_wanted`, told to
    close it)."""

    public_id = fields.public_id(new_attempt_id)
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, related_name="channel_attempts"
    )
    channel_account = models.ForeignKey(
        "payments.ChannelAccount", on_delete=models.PROTECT, related_name="channel_attempts"
    )
    number = models.PositiveSmallIntegerField()
    amount_minor = fields.amount_minor()
    currency = fields.currency()
    state = fields.state(AttemptState, AttemptState.SENDING)
    outcome_unknown = models.BooleanField(
        default=False, help_text="The channel may or may not have taken the money."
    )
    close_wanted = models.BooleanField(default=False)
    channel_id = models.CharField(max_length=128, blank=True, db_index=True)
    channel_state = models.CharField(max_length=64, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=255, blank=True)
    exchange = models.JSONField(
        default=dict, help_text="The last exchange with the channel, redacted."
    )
    created_at = models.DateTimeField()

    objects = AttemptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "number"], name="attempts_are_numbered_per_payment"
            ),
        ]
        indexes = [
            # read by payments.tasks.inquire
            models.Index(
                fields=["due_at"],
                name="attempt_due",
                condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
            ),
        ]
        triggers = [fields.legal_moves("attempt_moves_are_legal", ATTEMPT_MOVES)]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_ATTEMPT_STATES

    @transition(
        field=state,
        source=sources(ATTEMPT_MOVES, AttemptState.REQUIRES_ACTION),
        target=AttemptState.REQUIRES_ACTION,
    )
    def require_action(self) -> None:
        self.outcome_unknown = False

    @transition(
        field=state,
        source=sources(ATTEMPT_MOVES, AttemptState.PROCESSING),
        target=AttemptState.PROCESSING,
    )
    def process(self) -> None:
        """The channel works on it, or nobody knows: see `outcome_unknown`."""

    @transition(
        field=state,
        source=sources(ATTEMPT_MOVES, AttemptState.AUTHORIZED),
        target=AttemptState.AUTHORIZED,
    )
    def authorize(self) -> None:
        self._settled()

    @transition(
        field=state,
        source=sources(ATTEMPT_MOVES, AttemptState.SUCCEEDED),
        target=AttemptState.SUCCEEDED,
    )
    def succeed(self) -> None:
        self.failure_code = self.failure_message = ""
        self._settled()

    @transition(
        field=state,
        source=sources(ATTEMPT_MOVES, AttemptState.FAILED),
        target=AttemptState.FAILED,
    )
    def fail(self, *, code: str, message: str) -> None:
        self.failure_code, self.failure_message = code, message[:255]
        self._settled()

    @transition(
        field=state,
        source=sources(ATTEMPT_MOVES, AttemptState.CANCELED),
        target=AttemptState.CANCELED,
    )
    def cancel(self) -> None:
        self._settled()

    def owe(self, *, due_at: datetime) -> None:
        """New work: counted from the start, even if older work was given up, and not to be finished
        by a worker that holds the row for older work. Saved with OWED_FIELDS."""
        self.due_at = due_at
        self.attempts = 0
        self.dead_at = self.lease_until = self.lease_token = None

    def _settled(self) -> None:
        self.outcome_unknown = False
        self.close_wanted = False
        self.due_at = None
        self.lease_until = self.lease_token = None

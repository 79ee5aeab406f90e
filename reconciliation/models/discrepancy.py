"""A ticket: a difference that somebody must explain, with the evidence of the moment it was seen."""

from datetime import datetime, timedelta
from typing import Any, Self

import pgtrigger
from auditlog.registry import auditlog
from django.conf import settings
from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from reconciliation.models import fields
from reconciliation.models.run import Run
from reconciliation.states import TICKET_MOVES, TICKETS_AT_WORK, DiscrepancyKind, TicketState

# Until when somebody has to have explained it.
SLA = timedelta(hours=24)
# A fee that differs is the channel's debt to us; nobody's payment waits for it.
FEE_SLA = timedelta(days=5)


def new_ticket_id() -> str:
    return new_id("tkt")


class TicketQuerySet(models.QuerySet["Ticket"]):
    def at_work(self) -> Self:
        return self.filter(state__in=sorted(TICKETS_AT_WORK))

    def overdue(self, now: datetime) -> Self:
        return self.at_work().filter(sla_due_at__lt=now)


class Ticket(ConcurrentTransitionMixin, models.Model):
    """What it is about never changes; who works on it and how it ended does."""

    public_id = fields.public_id(new_ticket_id)
    fingerprint = models.CharField(
        max_length=255, unique=True, editable=False, help_text="The same difference, the same text."
    )
    kind = models.CharField(max_length=20, choices=DiscrepancyKind.choices)
    channel_account = models.ForeignKey(
        "payments.ChannelAccount", on_delete=models.PROTECT, related_name="tickets"
    )
    business_date = models.DateField()
    amount_minor = models.BigIntegerField(help_text="What is at stake.")
    currency = fields.currency()
    our_reference = fields.reference()
    their_reference = fields.reference()
    payment = fields.names("the payment", indexed=True)
    fact = fields.names("the capture or refund", indexed=True)
    suspense_item = fields.names("the suspense item", indexed=True)
    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    evidence = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    state = fields.state(TicketState, TicketState.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
    )
    sla_due_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)
    resolved_by = models.CharField(max_length=96, blank=True)
    proof = models.JSONField(default=dict, blank=True, help_text="What healed it.")

    objects = TicketQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="ticket_has_something_at_stake"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=TicketState.INVESTIGATING)
                | models.Q(owner__isnull=False),
                name="ticket_is_investigated_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=sorted(TICKETS_AT_WORK), resolved_at=None, resolution=""
                )
                | (
                    ~models.Q(state__in=sorted(TICKETS_AT_WORK))
                    & models.Q(resolved_at__isnull=False)
                    & ~models.Q(resolution="")
                ),
                name="ticket_that_ended_says_when_and_why",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "sla_due_at"], name="ticket_by_deadline"),
            models.Index(fields=["business_date", "channel_account"], name="ticket_by_day"),
            models.Index(fields=["our_reference"], name="ticket_by_our_reference"),
            models.Index(fields=["their_reference"], name="ticket_by_their_reference"),
        ]
        triggers = [
            fields.legal_moves("ticket_moves_are_legal", TICKET_MOVES),
            fields.never_deleted("tickets_are_never_deleted"),
            fields.never_truncated("tickets_are_never_truncated"),
            pgtrigger.ReadOnly(
                name="ticket_keeps_its_evidence",
                fields=[
                    "public_id",
                    "fingerprint",
                    "kind",
                    "channel_account",
                    "business_date",
                    "amount_minor",
                    "currency",
                    "our_reference",
                    "their_reference",
                    "payment",
                    "fact",
                    "suspense_item",
                    "run",
                    "evidence",
                    "opened_at",
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.kind})"

    @transition(field=state, source=TicketState.OPEN, target=TicketState.INVESTIGATING)
    def take(self, *, owner: Any) -> None:
        """Somebody works on it."""
        self.owner = owner

    @transition(field=state, source=TicketState.INVESTIGATING, target=TicketState.OPEN)
    def put_back(self) -> None:
        self.owner = None

    @transition(
        field=state,
        source=fields.sources(TICKET_MOVES, TicketState.RESOLVED),
        target=TicketState.RESOLVED,
    )
    def resolve(self, *, reason: str, by: str, now: datetime) -> None:
        self._end(reason, by, now)

    @transition(
        field=state,
        source=fields.sources(TICKET_MOVES, TicketState.HEALED),
        target=TicketState.HEALED,
    )
    def heal(self, *, reason: str, proof: dict[str, Any], by: str, now: datetime) -> None:
        """The difference went away; `proof` says through what."""
        self.proof = proof
        self._end(reason, by, now)

    def _end(self, reason: str, by: str, now: datetime) -> None:
        self.resolution, self.resolved_by, self.resolved_at = reason, by, now


auditlog.register(Ticket, exclude_fields=["evidence", "proof"])

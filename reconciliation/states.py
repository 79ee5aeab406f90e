"""Every state of reconciliation, with its label, its colour and the moves that are legal.

The tables of moves are read twice: by the models' transitions and by the database's triggers.
"""

from django.db.models import TextChoices

from payments.states import Colour, SuspenseKind


class FileState(TextChoices):
    AWAITED = "awaited", "Awaited from the channel"
    KEPT = "kept", "Kept, not read yet"
    READ = "read", "Read, not compared yet"
    COMPARED = "compared", "Compared"
    REFUSED = "refused", "Cannot be read"
    REPEATED = "repeated", "The same bytes as before"


class FileSource(TextChoices):
    FETCHED = "fetched", "Fetched from the channel"
    UPLOADED = "uploaded", "Uploaded"


class LineState(TextChoices):
    NEW = "new", "Not compared yet"
    MATCHED = "matched", "Matched"
    HEALED = "healed", "Healed"
    TICKETED = "ticketed", "Ticket at work"


class RunState(TextChoices):
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    INTERRUPTED = "interrupted", "Interrupted"


class TicketState(TextChoices):
    OPEN = "open", "Open"
    INVESTIGATING = "investigating", "Investigating"
    RESOLVED = "resolved", "Resolved"
    HEALED = "healed", "Healed by itself"


class DiscrepancyKind(TextChoices):
    MISSING_HERE = "missing_here", "At the channel, not here"
    MISSING_AT_CHANNEL = "missing_at_channel", "Here, not at the channel"
    AMOUNT_MISMATCH = "amount_mismatch", "Another amount"
    CURRENCY_MISMATCH = "currency_mismatch", "Another currency"
    STATE_MISMATCH = "state_mismatch", "Paid at one side only"
    FEE_MISMATCH = "fee_mismatch", "Another fee than agreed"
    DUPLICATE_LINE = "duplicate_line", "Listed twice"
    # What payments itself put into suspense:
    LATE_SUCCESS = "late_success", "Paid after the payment was closed"
    PAID_TWICE = "paid_twice", "Order paid twice"


OF_SUSPENSE: dict[str, DiscrepancyKind] = {
    SuspenseKind.AMOUNT_MISMATCH: DiscrepancyKind.AMOUNT_MISMATCH,
    SuspenseKind.LATE_SUCCESS: DiscrepancyKind.LATE_SUCCESS,
    SuspenseKind.PAID_TWICE: DiscrepancyKind.PAID_TWICE,
    SuspenseKind.UNKNOWN_PAYMENT: DiscrepancyKind.MISSING_HERE,
}

# One name per badge: states of different nouns share a value only where they share its meaning.
COLOURS: dict[str, Colour] = {
    FileState.AWAITED: Colour.WAITING,
    FileState.KEPT: Colour.WAITING,
    FileState.READ: Colour.WAITING,
    FileState.COMPARED: Colour.GOOD,
    FileState.REFUSED: Colour.BAD,
    FileState.REPEATED: Colour.OVER,
    LineState.NEW: Colour.WAITING,
    LineState.MATCHED: Colour.GOOD,
    LineState.HEALED: Colour.GOOD,
    LineState.TICKETED: Colour.BAD,
    RunState.RUNNING: Colour.WAITING,
    RunState.FINISHED: Colour.GOOD,
    RunState.INTERRUPTED: Colour.BAD,
    TicketState.OPEN: Colour.BAD,
    TicketState.INVESTIGATING: Colour.WAITING,
    TicketState.RESOLVED: Colour.GOOD,
    DiscrepancyKind.MISSING_HERE: Colour.BAD,
    DiscrepancyKind.MISSING_AT_CHANNEL: Colour.BAD,
    DiscrepancyKind.AMOUNT_MISMATCH: Colour.BAD,
    DiscrepancyKind.CURRENCY_MISMATCH: Colour.BAD,
    DiscrepancyKind.STATE_MISMATCH: Colour.BAD,
    DiscrepancyKind.FEE_MISMATCH: Colour.WAITING,
    DiscrepancyKind.DUPLICATE_LINE: Colour.WAITING,
    DiscrepancyKind.LATE_SUCCESS: Colour.WAITING,
    DiscrepancyKind.PAID_TWICE: Colour.WAITING,
}

_F, _L, _R, _T = FileState, LineState, RunState, TicketState

FILE_MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        (_F.AWAITED, _F.KEPT),
        (_F.AWAITED, _F.REPEATED),
        (_F.KEPT, _F.READ),
        (_F.KEPT, _F.REFUSED),
        # The parser was wrong, not the file.
        (_F.REFUSED, _F.READ),
        (_F.READ, _F.COMPARED),
    }
)
LINE_MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        (_L.NEW, _L.MATCHED),
        (_L.NEW, _L.HEALED),
        (_L.NEW, _L.TICKETED),
        (_L.TICKETED, _L.HEALED),
    }
)
RUN_MOVES: frozenset[tuple[str, str]] = frozenset(
    {(_R.RUNNING, _R.FINISHED), (_R.RUNNING, _R.INTERRUPTED)}
)
TICKET_MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        (_T.OPEN, _T.INVESTIGATING),
        (_T.INVESTIGATING, _T.OPEN),
        *((state, _T.RESOLVED) for state in (_T.OPEN, _T.INVESTIGATING)),
        *((state, _T.HEALED) for state in (_T.OPEN, _T.INVESTIGATING)),
    }
)

TICKETS_AT_WORK: frozenset[str] = frozenset({_T.OPEN, _T.INVESTIGATING})

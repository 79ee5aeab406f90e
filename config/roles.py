"""Roles as data: what each may see, and what each may ask for.

`manage.py sync_roles` writes them; the console shows them. `view_…` opens a page, `change_…` and
`add_…` allow what that page offers to ask for. Nobody's role lets them approve what they asked for.
"""

from collections.abc import Iterable

FLOW = (
    "payments.order",
    "payments.payment",
    "payments.paymentevent",
    "payments.attempt",
    "payments.capture",
    "payments.refund",
    "payments.suspenseitem",
    "payments.channelaccount",
    "merchants.merchant",
)
NOTICES = (
    "payments.callbackreceipt",
    "merchants.event",
    "merchants.eventstream",
    "merchants.webhookendpoint",
    "merchants.webhookdelivery",
)
BOOKS = ("ledger.account", "ledger.journal")
RECONCILIATION = (
    "reconciliation.statementfile",
    "reconciliation.statementline",
    "reconciliation.run",
    "reconciliation.ticket",
    "reconciliation.settlement",
    "reconciliation.settlementitem",
    "reconciliation.merchantshare",
)
TERMS = ("merchants.feeplan", "merchants.apikey")
REQUESTS = ("merchants.idempotencyrecord", "merchants.seennonce")
TRAIL = ("audit.record", "auditlog.logentry")
PEOPLE = ("audit.operator", "auth.group")
CLOCK = (
    "django_celery_beat.periodictask",
    "django_celery_beat.intervalschedule",
    "django_celery_beat.crontabschedule",
)
EVERYTHING = (
    *FLOW,
    *NOTICES,
    *BOOKS,
    *RECONCILIATION,
    *TERMS,
    *REQUESTS,
    *TRAIL,
    *PEOPLE,
    *CLOCK,
)

# Work that has stopped and that a person may set going again.
STOPPED_WORK = (
    "payments.change_attempt",
    "payments.change_refund",
    "payments.change_callbackreceipt",
    "payments.change_payment",
    "payments.change_order",
    "merchants.change_webhookdelivery",
    "reconciliation.change_statementfile",
)


def _view(*groups: Iterable[str]) -> frozenset[str]:
    models = (name.split(".") for group in groups for name in group)
    return frozenset(f"{app}.view_{model}" for app, model in models)


ROLES: dict[str, frozenset[str]] = {
    "viewer": _view(FLOW),
    "support": _view(FLOW, NOTICES, REQUESTS) | {"merchants.change_webhookdelivery"},
    "finance_maker": _view(FLOW, BOOKS, RECONCILIATION, TERMS),
    "finance_checker": _view(FLOW, BOOKS, RECONCILIATION, TERMS, TRAIL),
    "reconciler": _view(FLOW, NOTICES, BOOKS, RECONCILIATION)
    | {
        "reconciliation.change_ticket",
        "reconciliation.change_statementfile",
        "payments.change_callbackreceipt",
    },
    "risk_analyst": _view(FLOW, NOTICES),
    "merchant_manager": _view(FLOW, NOTICES, TERMS) | {"merchants.change_webhookdelivery"},
    "auditor": _view(EVERYTHING),
    "administrator": _view(EVERYTHING)
    | {
        *STOPPED_WORK,
        "payments.change_channelaccount",
        "audit.add_operator",
        "audit.change_operator",
        "django_celery_beat.change_periodictask",
        "django_celery_beat.add_intervalschedule",
        "django_celery_beat.add_crontabschedule",
    },
}

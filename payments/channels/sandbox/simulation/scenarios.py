"""How a charge behaves, per scenario: what it begins as, what it becomes, how we are told."""

from dataclasses import dataclass
from enum import StrEnum

from payments.channels.sandbox.simulation.refusal import Refused


class ChargeState(StrEnum):
    WAITING_FOR_PAYER = "WAITING_FOR_PAYER"
    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    PAID = "PAID"
    DECLINED = "DECLINED"
    CLOSED = "CLOSED"


class RefundState(StrEnum):
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Fault(StrEnum):
    """What becomes of the answer, once the work is done."""

    NONE = "none"
    NEVER_ANSWER = "never_answer"
    ANSWER_500 = "answer_500"
    ANSWER_GARBAGE = "answer_garbage"


class Telling(StrEnum):
    """How the callback about the last state is delivered."""

    ONCE = "once"
    TWICE = "twice"
    BEFORE_ANSWER = "before_answer"
    BEFORE_OLDER_NEWS = "before_older_news"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    begins: ChargeState | None = ChargeState.PAID  # None: leaves no trace at all
    becomes: ChargeState | None = None
    comes_back_after_close: bool = False
    fault: Fault = Fault.NONE
    telling: Telling = Telling.ONCE
    forges_success: bool = False
    hidden_inquiries: int = 0
    surplus_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundScenario:
    begins: RefundState = RefundState.SUCCEEDED
    becomes: RefundState | None = None
    fault: Fault = Fault.NONE


# "Paid" reads as "authorized" for a charge that is to be captured by hand.
SCENARIOS = {
    "succeed": Scenario(),
    "decline": Scenario(begins=ChargeState.DECLINED),
    "pending_then_succeed": Scenario(begins=ChargeState.PENDING, becomes=ChargeState.PAID),
    "requires_redirect": Scenario(begins=ChargeState.WAITING_FOR_PAYER),
    "requires_redirect_auto": Scenario(
        begins=ChargeState.WAITING_FOR_PAYER, becomes=ChargeState.PAID
    ),
    "charge_then_timeout": Scenario(fault=Fault.NEVER_ANSWER),
    "charge_then_500": Scenario(fault=Fault.ANSWER_500),
    "garbage_answer": Scenario(fault=Fault.ANSWER_GARBAGE),
    "callback_twice": Scenario(telling=Telling.TWICE),
    "callbacks_out_of_order": Scenario(
        begins=ChargeState.PENDING, becomes=ChargeState.PAID, telling=Telling.BEFORE_OLDER_NEWS
    ),
    "callback_before_answer": Scenario(telling=Telling.BEFORE_ANSWER),
    "forged_callback": Scenario(
        begins=ChargeState.PENDING, becomes=ChargeState.DECLINED, forges_success=True
    ),
    "wrong_amount": Scenario(surplus_minor=1),
    "late_success": Scenario(begins=ChargeState.PENDING, comes_back_after_close=True),
    "not_found_then_paid": Scenario(
        fault=Fault.NEVER_ANSWER, telling=Telling.HELD, hidden_inquiries=2
    ),
    "lost_callback": Scenario(
        begins=ChargeState.PENDING, becomes=ChargeState.PAID, telling=Telling.HELD
    ),
    "timeout_not_charged": Scenario(begins=None, fault=Fault.NEVER_ANSWER),
}

REFUND_SCENARIOS = {
    "succeed": RefundScenario(),
    "pending_then_succeed": RefundScenario(
        begins=RefundState.PENDING, becomes=RefundState.SUCCEEDED
    ),
    "fail": RefundScenario(begins=RefundState.FAILED),
    "timeout_then_succeed": RefundScenario(fault=Fault.NEVER_ANSWER),
}

CAPTURE_FAULTS = {"succeed": Fault.NONE, "timeout_then_succeed": Fault.NEVER_ANSWER}


def scenario(name: object) -> Scenario:
    """Raises Refused."""
    if not isinstance(name, str) or name not in SCENARIOS:
        raise Refused(422, "scenario_unknown", f"no scenario {name!r}")
    return SCENARIOS[name]


def refund_scenario(name: object) -> RefundScenario:
    """Raises Refused."""
    if not isinstance(name, str) or name not in REFUND_SCENARIOS:
        raise Refused(422, "scenario_unknown", f"no refund scenario {name!r}")
    return REFUND_SCENARIOS[name]


def capture_fault(name: object) -> Fault:
    """Raises Refused."""
    if not isinstance(name, str) or name not in CAPTURE_FAULTS:
        raise Refused(422, "scenario_unknown", f"no capture scenario {name!r}")
    return CAPTURE_FAULTS[name]

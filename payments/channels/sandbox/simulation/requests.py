"""What the simulator lets in: every field looked at before anything is done."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments.channels.amounts import AmountUnreadable, to_minor
from payments.channels.sandbox.simulation.refusal import Refused
from payments.channels.sandbox.simulation.scenarios import (
    RefundScenario,
    Scenario,
    capture_fault,
    refund_scenario,
    scenario,
)

REFERENCE = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    reference: str
    fingerprint: str
    scenario_name: str
    scenario: Scenario
    capture_scenario: str
    refund_scenario: str
    amount_minor: int
    currency: str
    manual: bool
    callback_url: str
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    reference: str
    fingerprint: str
    charge_reference: str
    amount_minor: int
    currency: str
    callback_url: str
    scenario: RefundScenario | None


def body(raw: bytes) -> Mapping[str, Any]:
    """Raises Refused."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Refused(400, "json_invalid", "the body is not a JSON object")
    return data


def charge(data: Mapping[str, Any]) -> ChargeRequest:
    """Raises Refused."""
    method = data.get("method")
    if not isinstance(method, dict) or method.get("type") != "sandbox":
        raise Refused(422, "method_unsupported", "method.type must be sandbox")
    if data.get("capture", "automatic") not in {"automatic", "manual"}:
        raise Refused(422, "capture_invalid", "capture must be automatic or manual")
    name = method.get("scenario", "succeed")
    capture_name = method.get("capture_scenario", "succeed")
    refund_name = method.get("refund_scenario", "succeed")
    capture_fault(capture_name)
    refund_scenario(refund_name)
    return ChargeRequest(
        reference=reference(data, "reference"),
        fingerprint=_fingerprint(data),
        scenario_name=str(name),
        scenario=scenario(name),
        capture_scenario=capture_name,
        refund_scenario=refund_name,
        amount_minor=amount(data, data.get("currency")),
        currency=str(data["currency"]),
        manual=data.get("capture") == "manual",
        callback_url=_url(data, "callback_url"),
        return_url=_url(data, "return_url"),
    )


def refund(data: Mapping[str, Any]) -> RefundRequest:
    """Raises Refused."""
    metadata = data.get("metadata")
    name = metadata.get("refund_scenario") if isinstance(metadata, dict) else None
    return RefundRequest(
        reference=reference(data, "reference"),
        fingerprint=_fingerprint(data),
        charge_reference=reference(data, "charge_reference"),
        amount_minor=amount(data, data.get("currency")),
        currency=str(data["currency"]),
        callback_url=_url(data, "callback_url"),
        scenario=None if name is None else refund_scenario(name),
    )


def reference(data: Mapping[str, Any], name: str) -> str:
    """Raises Refused."""
    value = data.get(name)
    if not isinstance(value, str) or not REFERENCE.fullmatch(value):
        raise Refused(400, "reference_invalid", f"{name} must be 1 to 64 of 0-9 A-Z a-z _ -")
    return value


def amount(data: Mapping[str, Any], currency: object) -> int:
    """Raises Refused."""
    try:
        minor = to_minor(data.get("amount"), str(currency))
    except AmountUnreadable as error:
        raise Refused(422, "amount_invalid", str(error)) from error
    if minor == 0:
        raise Refused(422, "amount_invalid", "the amount is zero")
    return minor


def _url(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if value and not (isinstance(value, str) and value.startswith(("http://", "https://"))):
        raise Refused(400, "url_invalid", f"{name} must be a web address")
    return str(value)


def _fingerprint(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)

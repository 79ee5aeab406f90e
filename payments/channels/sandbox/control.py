"""Drives a running simulator from tests and from the demo: what a payer, a bank clerk, a witness would do."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx2

from payments.channels.http import trusted

TIMEOUT_SECONDS = 10.0


class Control:
    def __init__(self, address: str) -> None:
        self._http = httpx2.Client(
            base_url=address, timeout=TIMEOUT_SECONDS, trust_env=False, verify=trusted()
        )

    def open_account(
        self, account: str, secret: bytes, *, fee_bps: int = 60, fee_fixed_minor: int = 0
    ) -> None:
        """Again for the same account: the new secret and fees count from now on."""
        self._post(
            "/control/accounts",
            {
                "account": account,
                "secret": secret.decode(),
                "fee_bps": fee_bps,
                "fee_fixed_minor": fee_fixed_minor,
            },
        )

    def plant(self, account: str, day: date, kind: str, *, reference: str = "") -> str:
        """One difference in the statement of a day; answers the reference that it is about."""
        answer = self._post(
            "/control/plants",
            {"account": account, "day": day.isoformat(), "kind": kind, "reference": reference},
        )
        return str(answer["reference"])

    def release_callbacks(self, reference: str = "") -> int:
        """Sends what was held back, or waits for another try; answers how many."""
        return int(self._post("/control/callbacks/release", {"reference": reference})["released"])

    def decide(self, account: str, reference: str, *, pay: bool) -> None:
        """As the payer on the page that the payment's redirect leads to."""
        self._http.post(
            f"/pay/{quote(reference, safe='')}",
            params={"account": account},
            data={"decision": "approve" if pay else "decline"},
        )

    def book(self) -> Mapping[str, Any]:
        """`{"accounts": {account: {currency: {charges, charged_minor, refunds, refunded_minor,
        fees_minor}}}, "more_than_once": [{account, kind, reference, times}]}`"""
        return self._get("/book")

    def movements(self, account: str = "") -> list[Mapping[str, Any]]:
        """Every charge and refund that happened: kind, reference, amount_minor, currency, …"""
        return list(self._get("/book/movements", {"account": account})["data"])

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        answer = self._http.get(path, params=dict(params or {}))
        answer.raise_for_status()
        return dict(answer.json())

    def _post(self, path: str, data: Mapping[str, object]) -> Mapping[str, Any]:
        answer = self._http.post(path, json=dict(data))
        answer.raise_for_status()
        return dict(answer.json())

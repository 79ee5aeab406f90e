"""What the payer sees: the amount, and two buttons."""

import sqlite3
from html import escape

from payments.channels.amounts import to_major
from payments.channels.sandbox.simulation.scenarios import ChargeState

FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Sandbox bank</title>
<style>
body {{ font: 1.125rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 32rem; padding: 2rem 1rem;
  color: #1a1a1a; background: #fff; }}
button {{ font: inherit; padding: .6rem 1.4rem; margin: 0 .6rem .6rem 0; border: 2px solid #1a5632;
  border-radius: .4rem; background: #1a5632; color: #fff; cursor: pointer; }}
button[value=decline] {{ background: #fff; color: #1a5632; }}
button:focus-visible, a:focus-visible {{ outline: 3px solid #b45309; outline-offset: 2px; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
RESULTS = {
    ChargeState.PAID: "Paid",
    ChargeState.AUTHORIZED: "Approved",
    ChargeState.DECLINED: "Declined",
    ChargeState.CLOSED: "No longer payable",
    ChargeState.PENDING: "In progress",
}


def ask(charge: sqlite3.Row) -> str:
    content = f"""<p>Order <b>{escape(charge["reference"])}</b>: <b>{_amount(charge)}</b></p>
<form method="post">
<button name="decision" value="approve">Pay {_amount(charge)}</button>
<button name="decision" value="decline">Decline</button>
</form>"""
    return FRAME.format(title="Pay this order?", content=content)


def result(charge: sqlite3.Row) -> str:
    content = f"<p>Order <b>{escape(charge['reference'])}</b>: {_amount(charge)}</p>"
    if charge["return_url"]:
        content += f'<p><a href="{escape(charge["return_url"])}">Back to the shop</a></p>'
    return FRAME.format(title=RESULTS[ChargeState(charge["state"])], content=content)


def problem(message: str) -> str:
    return FRAME.format(title="This page is not here", content=f"<p>{escape(message)}</p>")


def _amount(charge: sqlite3.Row) -> str:
    if not charge["currency"]:
        return "no amount"
    return escape(f"{to_major(charge['amount_minor'], charge['currency'])} {charge['currency']}")

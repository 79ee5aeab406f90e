"""Brings the cast together, lets the day happen, and shows it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from config.demo import logins, summary
from config.demo.business import Business
from config.demo.client import Tally
from config.demo.installation import install
from config.demo.patience import patiently
from config.demo.receiver import Receiver
from config.demo.results import Day
from config.demo.safe import Safe
from config.demo.shops import Shops, open_inboxes
from config.demo.stage import Stage
from payments.channels.sandbox.control import Control


def live(
    *,
    stage: Stage,
    safe: Safe,
    receiver: Receiver,
    addresses: Mapping[str, str],
    seed: int,
    payments: int,
) -> Day:
    """Raises client.PlatformSilent, httpx2.HTTPError."""
    with stage.step("Loading merchants and operators"):
        installed = patiently(
            lambda: install(safe=safe, webhook_base=receiver.base_url, now=datetime.now(UTC))
        )
        open_inboxes(receiver, safe)
    logins.show(stage.console, safe, console_url=addresses["console"])
    tally = Tally()
    control = Control(addresses["simulator"])
    shops = Shops(web_url=addresses["web"], safe=safe, receiver=receiver, tally=tally)
    try:
        business = Business(
            stage=stage,
            shops=shops,
            control=control,
            account=installed.channel_account,
            safe=safe,
            tally=tally,
            seed=seed,
        )
        day = business.run(payments=payments)
    finally:
        shops.close()
        control.close()
    summary.show(stage.console, day)
    return day

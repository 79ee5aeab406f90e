"""The three shops open for business: a client that signs, a script that reads, an inbox for notices."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx2

from config.demo.cast import SHOPS
from config.demo.client import Client, Tally
from config.demo.receiver import Inbox, Receiver
from config.demo.safe import Safe, ShopSafe
from config.demo.signing import Authorization, Bearer, PlatformKeys, Signature

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShop:
    """`reader` holds a bearer key of the same shop, as its scripts would."""

    slug: str
    client: Client
    reader: Client
    inbox: Inbox

    def read_events(self) -> int:
        """Everything from the first gap on; how many events were new to the shop."""
        events = self.reader.list("/v1/events", after=str(self.inbox.seen_up_to))
        return self.inbox.note(int(event["sequence"]) for event in events)

    def gaps_left(self) -> int:
        events = self.reader.list("/v1/events", after=str(self.inbox.seen_up_to))
        return self.inbox.gaps(max((int(event["sequence"]) for event in events), default=0))


class Shops:
    """By slug. Closing writes down what each shop has seen."""

    def __init__(self, *, web_url: str, safe: Safe, receiver: Receiver, tally: Tally) -> None:
        self._safe = safe
        keys = platform_keys(web_url)

        def client(authorization: Authorization) -> Client:
            return Client(base_url=web_url, authorization=authorization, keys=keys, tally=tally)

        self.by_slug: Mapping[str, OpenShop] = {
            shop.slug: OpenShop(
                slug=shop.slug,
                client=client(_signature(shop.algorithm, safe.shops[shop.slug])),
                reader=client(Bearer(safe.shops[shop.slug].bearer_secret)),
                inbox=receiver.inboxes[shop.slug],
            )
            for shop in SHOPS
        }

    def __iter__(self) -> Iterator[OpenShop]:
        return iter(self.by_slug.values())

    @property
    def clients(self) -> dict[str, Client]:
        return {slug: shop.client for slug, shop in self.by_slug.items()}

    @property
    def waits_for_retries(self) -> int:
        return sum(shop.inbox.waits_for_retries for shop in self)

    def begin_to_refuse(self) -> None:
        """From now on a shop answers 500 to some of its notices."""
        for shop in self:
            shop.inbox.is_moody = True

    def refuse_nothing_new(self) -> None:
        """What was refused before may still be, until the shop has read it by itself."""
        for shop in self:
            shop.inbox.is_moody = False

    def close(self) -> None:
        for shop in self:
            self._safe.shops[shop.slug].seen_up_to = shop.inbox.seen_up_to
            shop.client.close()
            shop.reader.close()
        self._safe.save()


def open_inboxes(receiver: Receiver, safe: Safe) -> None:
    """So that what was owed from before finds somebody at home."""
    for slug, kept in safe.shops.items():
        if kept.webhook_secret and slug not in receiver.inboxes:
            receiver.inboxes[slug] = Inbox(secret=kept.webhook_secret, seen_up_to=kept.seen_up_to)


def platform_keys(web_url: str) -> PlatformKeys:
    """Waits until the platform answers. Raises httpx2.HTTPError."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answer = httpx2.get(f"{web_url}/.well-known/jwks.json", trust_env=False)
            answer.raise_for_status()
        except httpx2.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return PlatformKeys(answer.json())


def _signature(algorithm: str, kept: ShopSafe) -> Signature:
    return Signature(key_id=kept.key_id, algorithm=algorithm, private_key_pem=kept.private_key_pem)

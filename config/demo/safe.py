"""The demo's secrets: made once per installation, kept in the state directory, readable for one user."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from config.demo import signing
from config.demo.cast import PEOPLE, SHOPS
from config.embedded import places
from config.embedded.tree import open_tree

FILE = "secrets.json"


@dataclass(kw_only=True)
class ShopSafe:
    """What one shop keeps: its private key, its token, the secret of its notices, and the number of
    the last event that it has seen."""

    private_key_pem: str = ""
    key_id: str = ""
    bearer_secret: str = ""
    bearer_id: str = ""
    endpoint_id: str = ""
    webhook_secret: str = ""
    seen_up_to: int = 0


@dataclass(kw_only=True)
class PersonSafe:
    password: str = ""
    totp_secret: str = ""


@dataclass(kw_only=True)
class Safe:
    """`planted` names what earlier days planted in statements: no surprise when it is found late."""

    path: Path
    channel_secret: str = ""
    receiver_port: int = 0
    planted: list[str] = field(default_factory=list)
    shops: dict[str, ShopSafe] = field(default_factory=dict)
    people: dict[str, PersonSafe] = field(default_factory=dict)

    def save(self) -> None:
        """Whole or not at all."""
        found = asdict(self)
        del found["path"]
        unfinished = self.path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(found, file, indent=1)
        unfinished.rename(self.path)


def open_safe() -> Safe:
    """The safe of this checkout, or of ZEROSUM_STATE_DIR; what it lacks is made and kept."""
    safe = read(places.room(open_tree().directory, "demo", None) / FILE)
    fill(safe)
    safe.save()
    return safe


def read(path: Path) -> Safe:
    if not path.exists():
        return Safe(path=path)
    found = json.loads(path.read_text())
    return Safe(
        path=path,
        channel_secret=found["channel_secret"],
        receiver_port=found["receiver_port"],
        planted=found["planted"],
        shops={slug: ShopSafe(**kept) for slug, kept in found["shops"].items()},
        people={name: PersonSafe(**kept) for name, kept in found["people"].items()},
    )


def fill(safe: Safe) -> None:
    """Everything that is secret and that nobody else gives out."""
    safe.channel_secret = safe.channel_secret or secrets.token_urlsafe(32)
    for shop in SHOPS:
        kept = safe.shops.setdefault(shop.slug, ShopSafe())
        kept.private_key_pem = kept.private_key_pem or signing.new_private_key(shop.algorithm)
    for person in PEOPLE:
        held = safe.people.setdefault(person.username, PersonSafe())
        held.password = held.password or secrets.token_urlsafe(9)

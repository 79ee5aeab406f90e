"""Which servers are ours to start, and what the processes are told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded import keyring, postgres, valkey
from config.embedded.places import Account, room
from config.embedded.programs import Program


@dataclass(frozen=True, kw_only=True)
class Servers:
    """None where the environment names a server of somebody else's."""

    cluster: postgres.Cluster | None
    valkey: valkey.Server | None

    def programs(self, *, mark: Mapping[str, str]) -> list[Program]:
        found = [self.cluster.program()] if self.cluster else []
        return found + ([self.valkey.program(mark=mark)] if self.valkey else [])

    def create(self) -> None:
        if self.cluster is not None:
            self.cluster.create()

    def furnish(self) -> None:
        if self.cluster is not None:
            self.cluster.furnish()

    def variables(self, environ: Mapping[str, str], *, role: str) -> dict[str, str]:
        """The URLs that are not set already."""
        found: dict[str, str] = {}
        if self.cluster is not None:
            found["DATABASE_URL"] = self.cluster.url(role)
        if self.valkey is not None:
            found["CACHE_URL"] = self.valkey.cache_url
        if not environ.get("BROKER_URL"):
            found["BROKER_URL"] = valkey.broker_beside(
                found.get("CACHE_URL") or environ["CACHE_URL"]
            )
        return found


def servers_in(
    place: Path,
    *,
    sockets: Path,
    state: Path,
    account: Account | None,
    environ: Mapping[str, str],
) -> Servers:
    """The servers that `environ` does not name, with their data under `place`."""
    cluster, cache = None, None
    if not environ.get("DATABASE_URL"):
        data = room(place, "postgres", account)
        cluster = postgres.cluster_in(data, sockets=sockets, state=state, account=account)
    if not environ.get("CACHE_URL"):
        data = room(place, "valkey", account)
        cache = valkey.server_in(data, sockets=sockets, state=state, account=account)
    return Servers(cluster=cluster, valkey=cache)


def secrets_in(
    place: Path, *, account: Account | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """SECRET_KEY and KEYRING, where the environment has none."""
    found: dict[str, str] = {}
    directory = room(place, "secrets", account)
    if not environ.get("SECRET_KEY"):
        found["SECRET_KEY"] = keyring.ensure_secret_key(directory / "secret_key", account)
    if not environ.get("KEYRING"):
        keyring.ensure_keyring(directory / "keyring.json", account)
        found["KEYRING"] = f"file:{directory / 'keyring.json'}"
    return found


def inherited(environ: Mapping[str, str], servers: Servers) -> dict[str, str]:
    """The environment without libpq's variables, when the database is ours: a developer's
    PGOPTIONS or PGSERVICE is meant for another server."""
    if servers.cluster is None:
        return dict(environ)
    return {name: value for name, value in environ.items() if not name.startswith("PG")}

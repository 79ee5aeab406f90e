"""A Valkey of our own, on a private unix socket: the doorbell and the cache."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.embedded import binaries
from config.embedded.places import Account
from config.embedded.programs import Program


@dataclass(frozen=True, kw_only=True)
class Server:
    server: Path
    data: Path
    socket: Path
    account: Account | None

    @property
    def cache_url(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def broker_url(self) -> str:
        return broker_beside(self.cache_url)

    def program(self, *, mark: Mapping[str, str]) -> Program:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "save": "",
            # A full broker must refuse loudly; evicting would lose messages in silence.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Program(
            name="valkey",
            command=[str(self.server), *words],
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"} | dict(mark),
            account=self.account,
            directory=Path("/"),
            is_ready=lambda _: self.is_ready(),
        )

    def is_ready(self) -> bool:
        """It answers, and has read its file: until then it answers with LOADING."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def server_in(place: Path, *, sockets: Path, state: Path, account: Account | None) -> Server:
    return Server(
        server=binaries.valkey_server(state=state, account=account),
        data=place,
        socket=sockets / "valkey.sock",
        account=account,
    )


def broker_beside(cache_url: str) -> str:
    """The broker's URL on the cache's server: its database 1, in Celery's spelling."""
    parts = urlsplit(cache_url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host=1"
    return parts._replace(path="/1").geturl()

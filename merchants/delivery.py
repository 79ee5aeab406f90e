"""Posting to a merchant's address without being led anywhere else.

The address is resolved once and checked, and the connection goes to that very IP, so that a name
which answers differently the second time (DNS rebinding) gains nothing.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from threading import Timer
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import httpx2
from django.conf import settings

MAX_URL_LENGTH = 2000
MAX_ANSWER_BYTES = 64 * 1024
TIMEOUT = httpx2.Timeout(connect=3.0, read=8.0, write=5.0, pool=1.0)
DEADLINE_SECONDS = 10.0
PUBLIC_PORTS = {443, 8443}
# Visible ASCII without the characters that one parser reads differently from another.
PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:[/?][!$-;=?-Z_a-z~%]*)?", re.ASCII)
PRIVATE_NAMES = ("localhost", ".localhost", ".local", ".internal", ".lan", ".home.arpa", ".arpa")
# Addresses that carry an IPv4 address inside, which would be judged by its wrapper: NAT64, 6to4,
# Teredo, and the deprecated IPv4-compatible block.
WRAPPERS = [
    ipaddress.ip_network(n)
    for n in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UrlForbidden(Exception):
    """Not https, not public, or written so that two readers might disagree."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is None when none came; `error` then says why."""

    status: int | None
    error: str = ""
    retry_after_seconds: float | None = None


def check_url(url: str) -> None:
    """What can be said without asking DNS. Raises UrlForbidden."""
    parts = _parts(url)
    try:
        address = _address(parts.hostname or "")
    except ValueError:
        _check_name(parts)
    else:
        _check_address(parts, address)


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
    """One attempt: no redirect is followed, no more of the answer is read than it takes.

    Raises UrlForbidden.
    """
    parts = _parts(url)
    try:
        pinned = _resolve(parts)
    except (OSError, UnicodeError) as error:
        return Answer(status=None, error=f"name does not resolve: {error}")
    try:
        return _send(parts, pinned, body, headers)
    except httpx2.HTTPError as error:
        return Answer(status=None, error=f"{type(error).__name__}: {error}"[:500])


def _parts(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH or not PLAIN_URL.fullmatch(url):
        raise UrlForbidden(
            "write the URL plainly: https, a host, visible ASCII, no user, no fragment"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlForbidden(str(error)) from error
    if parts.scheme != "https" and not settings.MERCHANT_WEBHOOKS_MAY_USE_LOOPBACK:
        raise UrlForbidden("only https is called")
    if not parts.hostname or port == 0:
        raise UrlForbidden("the URL names no host")
    return parts


def _address(host: str) -> Address:
    """Reads every spelling that the C library would take for an IPv4 address: 127.1, 0x7f000001."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        if not re.fullmatch(r"[0-9a-fx.]+", host, re.IGNORECASE):
            raise
        try:
            return ipaddress.ip_address(socket.inet_aton(host))
        except OSError as error:
            raise ValueError(host) from error


def _check_name(parts: SplitResult) -> None:
    host = (parts.hostname or "").rstrip(".")
    loopback = host == "localhost" and settings.MERCHANT_WEBHOOKS_MAY_USE_LOOPBACK
    if loopback:
        return
    if "." not in host or host.endswith(PRIVATE_NAMES):
        raise UrlForbidden("the host is not a public name")
    _check_public(parts)


def _check_address(parts: SplitResult, address: Address) -> None:
    if settings.MERCHANT_WEBHOOKS_MAY_USE_LOOPBACK and address.is_loopback:
        return
    if not _is_public(address):
        raise UrlForbidden("the address is not public")
    _check_public(parts)


def _check_public(parts: SplitResult) -> None:
    if parts.scheme != "https":
        raise UrlForbidden("only https is called")
    if (parts.port or 443) not in PUBLIC_PORTS:
        raise UrlForbidden("only the ports 443 and 8443 are called")


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or any(address in wrapper for wrapper in WRAPPERS)
    ):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _resolve(parts: SplitResult) -> Address:
    """The address to connect to; every address that the name has must pass."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    found = [
        ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])
        for *_, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    for address in found:
        _check_address(parts, address)
    return found[0]


def _send(parts: SplitResult, pinned: Address, body: bytes, headers: Mapping[str, str]) -> Answer:
    host = f"[{pinned}]" if pinned.version == 6 else str(pinned)
    target = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()
    with (
        _Watchdog(DEADLINE_SECONDS) as watchdog,
        # trust_env is off: a proxy from the environment would resolve the name again.
        httpx2.Client(
            verify=_tls(), timeout=TIMEOUT, follow_redirects=False, trust_env=False
        ) as client,
        client.stream(
            "POST",
            target,
            content=body,
            headers={**headers, "host": parts.netloc, "accept-encoding": "identity"},
            extensions={"sni_hostname": parts.hostname, "trace": watchdog.see},
        ) as answer,
    ):
        taken = 0
        try:
            for chunk in answer.iter_raw():
                taken += len(chunk)
                if taken > MAX_ANSWER_BYTES:
                    break
        except httpx2.TransportError:
            # The status was said in time; the rest of the answer is of no interest.
            if not watchdog.bit:
                raise
        return Answer(
            status=answer.status_code,
            retry_after_seconds=_seconds(answer.headers.get("retry-after", "")),
        )


class _Watchdog:
    """Hangs up when the time is over, whatever is being read then: the client's own timeouts begin
    anew with every byte. Connecting and the TLS handshake end by those, each within its own."""

    def __init__(self, seconds: float) -> None:
        self.bit = False
        self._socket: socket.socket | None = None
        self._timer = Timer(seconds, self._bite)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def see(self, event: str, info: Mapping[str, Any]) -> None:
        """The client says what it does; wrapping in TLS makes another socket."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.bit:
                self._hang_up()

    def _bite(self) -> None:
        self.bit = True
        self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            # Closed already, or given up to its TLS successor.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _seconds(retry_after: str) -> float | None:
    """Retry-After as seconds or as a date; nonsense counts for nothing."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError):
        return None

"""Posts to endpoints without letting them lead us into our own network (server-side request forgery).

Each address is checked right where the socket for it is made: after the name was resolved, for literal addresses in
any notation as well, and for each connection anew. So a name that changes what it resolves to gains nothing.
"""

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ..service.ports import Answered

READ_AT_MOST = 64 * 1024
"""Bytes of an answer."""

_SECONDS = aiohttp.ClientTimeout(total=15, sock_connect=5)

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 behind a NAT64 (RFC 6052)."""

_DEPRECATED = [ipaddress.ip_network(network) for network in ("::/96", "fec0::/10", "192.88.99.0/24")]
"""IPv4-compatible and site-local addresses (RFC 4291, RFC 3879), 6to4 relays (RFC 7526): nothing public is there."""


class NotPublic(OSError):
    """The address is not one of the public internet."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _DEPRECATED):
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _TRANSLATED:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = [ip.ipv4_mapped, ip.sixtofour, ip.teredo[1] if ip.teredo else None]
        if not all(is_public(str(wrapped)) for wrapped in inner if wrapped is not None):
            return False
    return ip.is_global and not ip.is_multicast


class Post:
    """Implements `ports.Post`."""

    def __init__(self, *, private: bool) -> None:
        """`private`: whether http:// and addresses inside our own network are allowed."""
        self._private = private
        self._session: aiohttp.ClientSession | None = None

    def refuses(self, url: str) -> str:
        """Return why nothing is posted to a URL, with the cure; empty if it may be tried."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "this is no web address; write https:// and a name"
        if not host or parts.scheme not in ("https", "http") or not url.isascii() or not url.isprintable():
            return "this is no web address; write https:// and a name"
        if parts.scheme == "http" and not self._private:
            return "events are sent over https:// only; write https://, or set WEBHOOKS_PRIVATE=true"
        if not self._private and _is_literal(host) and not is_public(host):
            return "this address is not public; name another, or set WEBHOOKS_PRIVATE=true"
        return ""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send one request, without following redirects; never raises for what an endpoint does."""
        if self.refuses(url):
            return Answered(False, "not allowed")
        try:
            async with self._opened().post(url, headers=headers, data=body, allow_redirects=False) as response:
                left = READ_AT_MOST
                while left > 0 and (chunk := await response.content.read(left)):
                    left -= len(chunk)
                return Answered(200 <= response.status < 300, f"HTTP {response.status}")
        except TimeoutError:
            return Answered(False, "timeout")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            not_public = isinstance(getattr(error, "os_error", None), NotPublic)
            return Answered(False, "address not public" if not_public else "no connection")

    async def close(self) -> None:
        """Release the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=self._socket),  # else endpoints share a limit
                timeout=_SECONDS,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _socket(self, address: Any) -> socket.socket:
        """Return a socket for an address as `getaddrinfo` tells it. Raises `NotPublic`."""
        family, kind, protocol, _, where = address
        if not self._private and not is_public(where[0]):
            raise NotPublic
        return socket.socket(family, kind, protocol)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True

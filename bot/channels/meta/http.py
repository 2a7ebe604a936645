"""POSTs to a single URL over persistent HTTP/1.1 connections, at a fifth of the cost of a general client."""

import asyncio
import re
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection

from .http_response import BadResponse, Response, ResponseReader

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 60.0
"""Seconds for which an idle connection is kept."""

_url = re.compile(r"https?://[!-~]+").fullmatch


class NotConnected(Exception):
    """No connection could be made, so nothing was sent. Names the kind of error."""


class NoAnswer(Exception):
    """The request was sent, but no complete answer came."""

    def __init__(self, status: int) -> None:
        super().__init__("no whole answer")
        self.status = status
        """The answer's status; 0 if it had not begun."""


class Endpoint:
    """A URL to post to. Redirects are not followed, proxies not used; certificates are verified as `tls` says."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connections: int = 100,
        timeout: float = 20.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """At most `connections` at once; `timeout` in seconds for each answer. Raises `ValueError`."""
        parts = urlsplit(url)
        if not _url(url) or not parts.hostname:
            raise ValueError("not an http(s) URL")
        parts.hostname.encode("idna")
        encrypted = parts.scheme == "https"
        self.host = parts.hostname
        self._port = parts.port or (443 if encrypted else 80)
        self._tls = (tls or ssl.create_default_context()) if encrypted else None
        self._head = _head(parts.netloc.rpartition("@")[2], parts.path or "/", headers)
        self._timeout = timeout
        self._connections = asyncio.Semaphore(connections)
        self._idle: deque[_Connection] = deque()
        self._closed = False

    async def post(self, body: bytes) -> Response:
        """Send one request. Raises `NotConnected` and `NoAnswer`.

        Retried once if a kept connection closes before any byte of the answer: while idle, it may be closed any time.
        """
        request = b"%b%d\r\n\r\n%b" % (self._head, len(body), body)
        async with self._connections:
            if kept := self._kept():
                try:
                    return await self._ask(kept, request)
                except NoAnswer:
                    if not kept.was_over:
                        raise
            return await self._ask(await self._connect(), request)

    async def close(self) -> None:
        """Release the connections; a busy connection is released after its answer."""
        self._closed = True
        while self._idle:
            self._idle.pop().abort()
        await asyncio.sleep(0)

    async def _ask(self, connection: "_Connection", request: bytes) -> Response:
        try:
            answer = await connection.ask(request, self._timeout)
        except BaseException:  # cancelled, too: a late answer must not be taken for the next request's
            connection.abort()
            raise
        if answer.keeps and connection.is_free and not self._closed:
            self._keep(connection)
        else:
            connection.abort()
        return answer

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                addresses = await loop.getaddrinfo(self.host, self._port, type=socket.SOCK_STREAM)
                opened = await start_connection(addresses, happy_eyeballs_delay=0.25)  # RFC 8305
                _, connection = await loop.create_connection(
                    _Connection, sock=opened, ssl=self._tls, server_hostname=self.host if self._tls else None
                )
        except OSError as error:  # also timeouts, certificates and names that are not found
            raise NotConnected(type(error).__name__) from None
        return connection

    def _keep(self, connection: "_Connection") -> None:
        connection.idle_since = now = asyncio.get_running_loop().time()
        self._idle.append(connection)
        if now - self._idle[0].idle_since > IDLE_SECONDS:
            self._idle.popleft().abort()

    def _kept(self) -> "_Connection | None":
        """Return the most recently used connection, so that surplus connections grow old."""
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since >= oldest:
                return connection
            connection.abort()
        return None


class _Connection(asyncio.Protocol):
    """A connection, for one request at a time."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._lost = False
        self._reader = ResponseReader()
        self._answer: asyncio.Future[Response] | None = None

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    @property
    def is_free(self) -> bool:
        """Whether the request was sent completely: servers may answer before they have read it to the end."""
        return self.is_open and not self._transport.get_write_buffer_size()

    @property
    def was_over(self) -> bool:
        """Whether it was closed before any byte of the answer."""
        return self._lost and not self._reader.begun

    async def ask(self, request: bytes, within: float) -> Response:
        """Send a request and return the answer, waiting `within` seconds for it.

        Raises `NoAnswer`, after which the connection is unusable.
        """
        loop = asyncio.get_running_loop()
        self._reader.expect()
        self._answer = loop.create_future()
        timer = loop.call_later(within, self._fail)
        try:
            self._transport.write(request)
            return await self._answer
        finally:
            timer.cancel()
            self._answer = None

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def _fail(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswer(self._reader.status))

    def _succeed(self, answer: Response | None) -> None:
        if answer is not None and self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    # --- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():  # unasked
            self.abort()
            return
        try:
            self._succeed(self._reader.feed(data))
        except BadResponse:
            self._fail()

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        if error is None:
            self._succeed(self._reader.end())
        self._fail()


def _head(host: str, path: str, headers: Mapping[str, str]) -> bytes:
    """Return a request's head up to the value of its last field, the length of the body. Raises `ValueError`."""
    fields = [f"{name}: {value}" for name, value in headers.items()]
    if not all(field.isascii() and field.isprintable() for field in fields):
        raise ValueError("a header has characters that cannot be sent")
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity", *fields]
    return "\r\n".join([*lines, "Content-Length: "]).encode()

"""Graph (and Telegram's API, for the peer) at the other end: takes messages, looks at each, and tells who watches.

`python -m tests.benchmarks.sink SOCKET` prints its TCP port. Whoever connects to the unix socket gets a line for each
message: recipient, the sender's own id of it or `-`, and when it had arrived (monotonic seconds). A request of the
wrong shape is answered by an error and told as `!`.
"""

import asyncio
import re
import sys
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs

import orjson
import uvloop

TOKEN = "benchmark-token"
NUMBER = "200000000000002"
TELEGRAM_TOKEN = "123456789:benchmark-token-of-the-peer-bot-0123"

_GRAPH = f"POST /v26.0/{NUMBER}/messages HTTP/1.1\r\n".encode()
_TELEGRAM = f"POST /bot{TELEGRAM_TOKEN}/sendMessage HTTP/1.1\r\n".encode()
_AUTHORIZED = f"\r\nAuthorization: Bearer {TOKEN}\r\n".encode()

_length = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)\r\n").search

_ANSWER = (
    b"HTTP/1.1 %b\r\nContent-Type: application/json; charset=UTF-8\r\nfacebook-api-version: v26.0\r\n"
    b"x-fb-request-id: AbCdEfGhIjKlMnOpQrStUvW\r\nx-fb-trace-id: AbCdEfGhIjK\r\nVary: Origin, Accept-Encoding\r\n"
    b"Cache-Control: private, no-cache, no-store, must-revalidate\r\nStrict-Transport-Security: max-age=15552000\r\n"
    b"Connection: keep-alive\r\nContent-Length: %d\r\n\r\n%b"
)


class Watchers:
    """Those who are told what arrives."""

    def __init__(self) -> None:
        self._transports: set[asyncio.WriteTransport] = set()

    def connected(self) -> asyncio.Protocol:
        """Return the protocol of another one."""
        watchers = self._transports

        class Watcher(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = cast("asyncio.WriteTransport", transport)
                watchers.add(self.transport)

            def connection_lost(self, error: Exception | None) -> None:
                watchers.discard(self.transport)

        return Watcher()

    def tell(self, line: bytes) -> None:
        """Tell everybody."""
        for transport in self._transports:
            transport.write(line)


class Graph(asyncio.Protocol):
    """One connection of a bot."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = _length(self._received, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            head, body = self._received[: end + 2], self._received[end + 4 : whole]
            self._received = self._received[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        now = time.monotonic()
        try:
            if head.startswith(_GRAPH) and _AUTHORIZED in head:
                recipient, reference, answer = _graph(body)
            elif head.startswith(_TELEGRAM):
                recipient, reference, answer = _telegram(body)
            else:
                raise ValueError("neither Graph's URL nor Telegram's")
        except (ValueError, LookupError, TypeError):
            content = b'{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":100}}'
            self._transport.write(_ANSWER % (b"400 Bad Request", len(content), content))
            self._tell(b"!\n")
            return
        content = orjson.dumps(answer)
        self._transport.write(_ANSWER % (b"200 OK", len(content), content))
        self._tell(f"{recipient} {reference or '-'} {now:.6f}\n".encode())


def _graph(body: bytes) -> tuple[str, str, dict[str, Any]]:
    """Return recipient, reference and answer. Raises `LookupError`, `TypeError`, `ValueError` for a wrong shape."""
    message = orjson.loads(body)
    to, content = message["to"], message[message["type"]]
    text = content["body"]["text"] if message["type"] == "interactive" else content["body"]
    if message["messaging_product"] != "whatsapp" or not to.startswith("+") or not text:
        raise ValueError("not a message")
    answer = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": to[1:]}],
        "messages": [{"id": "wamid.HBgMNDQ3NzAwMDAwMDAwFQIAERgSQjQyRTU2N0Y0MzA2QkU3QzAA"}],
    }
    return to, message.get("biz_opaque_callback_data", ""), answer


def _telegram(body: bytes) -> tuple[str, str, dict[str, Any]]:
    """The same for Telegram's sendMessage."""
    message = parse_qs(body.decode(), strict_parsing=True)
    (chat,), (text,) = message["chat_id"], message["text"]
    result = {
        "message_id": 1,
        "from": {"id": 123456789, "is_bot": True, "first_name": "Bot", "username": "bot"},
        "chat": {"id": int(chat), "first_name": "Somebody", "type": "private"},
        "date": int(time.time()),
        "text": text,
    }
    return chat, "", {"ok": True, "result": result}


async def _serve(socket: str) -> None:
    watchers, loop = Watchers(), asyncio.get_running_loop()
    await loop.create_unix_server(watchers.connected, socket)
    server = await loop.create_server(lambda: Graph(watchers.tell), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))

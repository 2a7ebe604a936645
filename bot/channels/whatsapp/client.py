"""The Cloud API as a `Channel`: requests to Graph over connections that are kept open."""

import aiohttp
import msgspec
from yarl import URL

from bot.channels.whatsapp.errors import UNREACHABLE, UNREADABLE, from_response, send_error
from bot.channels.whatsapp.messages import mark_read_request, request
from bot.conversation.inbound import MessageId
from bot.conversation.reply import Outbound
from bot.service.ports import Retry, SendError


class _Message(msgspec.Struct):
    id: str


class _Accepted(msgspec.Struct):
    messages: list[_Message]


_decode_accepted = msgspec.json.Decoder(_Accepted).decode


def open_session(*, connections: int = 100, timeout: float = 20.0) -> aiohttp.ClientSession:
    """Return a session for one API: at most so many connections, kept open; `timeout` in seconds for each request."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=60, ttl_dns_cache=300),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=timeout, connect=min(timeout, 5.0)),
    )


class CloudApi:
    """Sends from one business number. Nothing that it raises or prints holds the token or an address."""

    def __init__(self, graph_url: str, phone_number_id: str, token: str, session: aiohttp.ClientSession) -> None:
        """`graph_url` has the version, e.g. `https://graph.facebook.com/v26.0`; `close` closes the session."""
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise ValueError("WHATSAPP_TOKEN must be one line of printable characters without blanks")
        self._url = URL(graph_url.rstrip("/")) / phone_number_id / "messages"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._session = session

    def __repr__(self) -> str:
        return f"CloudApi({self._url.host})"

    async def send(self, outbound: Outbound) -> MessageId:
        """Send one message and return Meta's id of it. Raises `SendError`."""
        answer = await self._post(request(outbound))
        try:
            return MessageId(_decode_accepted(answer).messages[0].id)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError):
            # Sent again it would probably arrive twice.
            raise SendError(UNREADABLE, Retry.NEVER, "Graph accepted it with an answer that cannot be read") from None

    async def mark_read(self, message: MessageId, *, typing: bool) -> None:
        """Show that a message was read and, if `typing`, that an answer is coming. Raises `SendError`."""
        await self._post(mark_read_request(message, typing=typing))

    async def close(self) -> None:
        """Release the connections."""
        await self._session.close()

    async def _post(self, body: bytes) -> bytes:
        try:
            async with self._session.post(
                self._url, data=body, headers=self._headers, allow_redirects=False
            ) as response:
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise send_error(UNREACHABLE) from None
        if response.status != 200:
            raise from_response(response.status, answer)
        return answer

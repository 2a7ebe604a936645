"""The Cloud API as a `Channel`: requests to Graph."""

import msgspec

from ...messages.inbound import MessageId
from ...messages.reply import Outbound
from ...service.ports import Retry, SendError
from ..whatsapp.errors import UNREADABLE, send_error
from ..whatsapp.messages import mark_read_request, request
from .asking import answered
from .http import Endpoint
from .media import MediaApi
from .threads import Threads


class _Message(msgspec.Struct):
    id: str


class _Accepted(msgspec.Struct):
    messages: list[_Message]


_decode_accepted = msgspec.json.Decoder(_Accepted).decode


class CloudApi:
    """Sends from one business number. Nothing that it raises or prints holds the token or an address."""

    def __init__(
        self, graph_url: str, phone_number_id: str, token: str, *, connections: int = 100, timeout: float = 20.0
    ) -> None:
        """`graph_url` has the version, e.g. `https://graph.facebook.com/v26.0`.

        At most so many requests at once; `timeout` in seconds for each. Raises `ValueError`.
        """
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise ValueError("WHATSAPP_TOKEN must be one line of printable characters without blanks")
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "consentbot"}
        graph = graph_url.rstrip("/")
        self._endpoint = Endpoint(
            f"{graph}/{phone_number_id}/messages",
            headers | {"Content-Type": "application/json"},
            connections=connections,
            timeout=timeout,
        )
        self._threads = Threads(f"{graph}/{phone_number_id}", headers)
        self._media = MediaApi(graph, phone_number_id, headers)

    def __repr__(self) -> str:
        return f"CloudApi({self._endpoint.host})"

    async def send(self, outbound: Outbound) -> MessageId:
        """Send one message and return Meta's id of it. Raises `SendError`.

        If Meta's agent holds the chat, it is taken for the message and then given back.
        """
        if outbound.held:
            return await self._threads.lent(outbound, self._send)
        return await self._send(outbound)

    async def _send(self, outbound: Outbound) -> MessageId:
        answer = await answered(self._endpoint, request(outbound), _accepted_unread)
        try:
            return MessageId(_decode_accepted(answer).messages[0].id)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError):
            raise _accepted_unread() from None

    async def mark_read(self, message: MessageId, *, typing: bool) -> None:
        """Show that a message was read and, if `typing`, that an answer is coming. Raises `SendError`."""
        await answered(self._endpoint, mark_read_request(message, typing=typing), _accepted_unread)

    async def upload(self, content: bytes, filename: str, mime: str) -> str:
        """Upload a file that is to be sent; return its media id, good for 30 days. Raises `SendError`."""
        return await self._media.upload(content, filename, mime)

    async def delete_media(self, media_id: str) -> None:
        """Delete a file that was uploaded; one that is there no more is no error. Raises `SendError`."""
        await self._media.delete(media_id)

    def failure(self, code: int) -> SendError:
        """Tell what it means when a message that was accepted is reported later to have failed with this code."""
        return send_error(code)

    async def close(self) -> None:
        """Release the connections."""
        await self._endpoint.close()
        await self._media.close()
        await self._threads.close()


def _accepted_unread() -> SendError:
    """The message has an id that is not known: sent again it would arrive twice."""
    return SendError(UNREADABLE, Retry.NEVER, "Graph accepted it with an answer that cannot be read", attempts=1)

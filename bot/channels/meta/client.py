"""The Cloud API as a `Channel`: requests to Graph."""

from collections.abc import Callable
from functools import partial

import msgspec

from ...messages.inbound import Inbound, MessageId
from ...messages.reply import Outbound
from ...service.ports import Accepted, Retry, SendError
from ..whatsapp.errors import UNANSWERED, UNREACHABLE, UNREADABLE, from_response, send_error
from ..whatsapp.messages import mark_read_request, marketing_request, request
from .http import Endpoint, NoAnswer, NotConnected
from .media import MediaApi
from .threads import PATH, Threads


class _Message(msgspec.Struct):
    id: str
    message_status: str = ""


class _Accepted(msgspec.Struct):
    messages: list[_Message]


_decode_accepted = msgspec.json.Decoder(_Accepted).decode


_ON_ITS_WAY = ("", "accepted")
"""What `message_status` says of a message that Meta sends at once; others it holds back. Meta: template-pacing."""


class CloudApi:
    """Sends from one business number. Nothing that it raises or prints contains the token or an address."""

    def __init__(
        self,
        graph_url: str,
        phone_number_id: str,
        token: str,
        *,
        marketing_messages: bool = False,
        connections: int = 100,
        timeout: float = 20.0,
    ) -> None:
        """`graph_url` includes the version, e.g. `https://graph.facebook.com/v26.0`.

        `marketing_messages`: whether marketing templates go by the Marketing Messages API; `connections`: the most
        messages sent at once; `timeout`: seconds for each request. Raises `ValueError`.
        """
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise ValueError("WHATSAPP_TOKEN must be one line of printable characters without blanks")
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "consentbot"}
        graph = graph_url.rstrip("/")
        number, json = f"{graph}/{phone_number_id}", headers | {"Content-Type": "application/json"}
        self._messages = Endpoint(f"{number}/messages", json, connections=connections, timeout=timeout)
        self._marketing = (
            Endpoint(f"{number}/marketing_messages", json, connections=connections, timeout=timeout)
            if marketing_messages
            else None
        )
        self._controls = Endpoint(f"{number}/{PATH}", json, connections=4)
        self._threads = Threads(partial(_answer, self._controls))
        self._media = MediaApi(graph, phone_number_id, headers)

    def __repr__(self) -> str:
        return f"CloudApi({self._messages.host})"

    async def send(self, outbound: Outbound) -> Accepted:
        """Send one message and return Meta's id of it. Raises `SendError`.

        If Meta's agent holds the chat, it is taken for the message and then given back.
        """
        if outbound.held:
            return await self._threads.lent(outbound, self._send)
        return await self._send(outbound)

    async def _send(self, outbound: Outbound) -> Accepted:
        template = outbound.reply.template
        if self._marketing is not None and template is not None and template.marketing:
            accepted = await _answer(self._marketing, marketing_request(outbound), _accepted_unread)
        else:
            accepted = await _answer(self._messages, request(outbound), _accepted_unread)
        try:
            message = _decode_accepted(accepted).messages[0]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError):
            raise _accepted_unread() from None
        return Accepted(MessageId(message.id), held=message.message_status not in _ON_ITS_WAY)

    async def mark_read(self, message: Inbound, *, typing: bool) -> None:
        """Show that a message was read and, if `typing`, that an answer is coming. Raises `SendError`."""
        await _answer(self._messages, mark_read_request(message.id, typing=typing), _accepted_unread)

    async def upload(self, content: bytes, filename: str, mime: str) -> str:
        """Upload a file to be sent; return its media id, valid for 30 days. Raises `SendError`."""
        return await self._media.upload(content, filename, mime)

    async def delete_media(self, media_id: str) -> None:
        """Delete an uploaded file; a file that no longer exists is not an error. Raises `SendError`."""
        await self._media.delete(media_id)

    def failure(self, code: str) -> SendError:
        """Return what it means if an accepted message is later reported to have failed with this code."""
        return send_error(code)

    async def close(self) -> None:
        """Release the connections."""
        await self._messages.close()
        if self._marketing is not None:
            await self._marketing.close()
        await self._controls.close()


def _unanswered() -> SendError:
    return send_error(UNANSWERED)


async def _answer(endpoint: Endpoint, body: bytes, unread: Callable[[], SendError] = _unanswered) -> bytes:
    """Send a request and return the body of its answer.

    Raises `SendError`, or what `unread` returns if Graph accepted the request but the answer broke off.
    """
    try:
        status, answer, _ = await endpoint.post(body)
    except NotConnected as error:
        raise send_error(UNREACHABLE, detail=str(error)) from None
    except NoAnswer as error:
        raise (unread() if error.status == 200 else send_error(UNANSWERED)) from None
    if status != 200:
        raise from_response(status, answer)
    return answer


def _accepted_unread() -> SendError:
    """Return the error for a message accepted with an unreadable id: if sent again, it would arrive twice."""
    return SendError(UNREADABLE, Retry.NEVER, "Graph accepted it with an answer that cannot be read", attempts=1)

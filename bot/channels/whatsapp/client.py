"""The Cloud API as a `Channel`: requests to Graph."""

import msgspec

from bot.channels.whatsapp.errors import UNANSWERED, UNREACHABLE, UNREADABLE, from_response, known, send_error
from bot.channels.whatsapp.http import Endpoint, NoAnswer, NotConnected
from bot.channels.whatsapp.messages import mark_read_request, request
from bot.conversation.inbound import MessageId
from bot.conversation.reply import Outbound
from bot.service.ports import Retry, SendError


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
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "consentbot",
        }
        url = f"{graph_url.rstrip('/')}/{phone_number_id}/messages"
        self._endpoint = Endpoint(url, headers, connections=connections, timeout=timeout)

    def __repr__(self) -> str:
        return f"CloudApi({self._endpoint.host})"

    async def send(self, outbound: Outbound) -> MessageId:
        """Send one message and return Meta's id of it. Raises `SendError`."""
        answer = await self._post(request(outbound))
        try:
            return MessageId(_decode_accepted(answer).messages[0].id)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError):
            raise _accepted_unread() from None

    async def mark_read(self, message: MessageId, *, typing: bool) -> None:
        """Show that a message was read and, if `typing`, that an answer is coming. Raises `SendError`."""
        await self._post(mark_read_request(message, typing=typing))

    def withdraws(self, code: int) -> bool:
        """Tell whether a failure with this code means that the person switched marketing messages off."""
        return known(code).retry is Retry.OPT_OUT

    async def close(self) -> None:
        """Release the connections."""
        await self._endpoint.close()

    async def _post(self, body: bytes) -> bytes:
        try:
            status, answer, _ = await self._endpoint.post(body)
        except NotConnected as error:
            raise send_error(UNREACHABLE, detail=str(error)) from None
        except NoAnswer as error:
            raise (_accepted_unread() if error.status == 200 else send_error(UNANSWERED)) from None
        if status != 200:
            raise from_response(status, answer)
        return answer


def _accepted_unread() -> SendError:
    """The message has an id that is not known: sent again it would arrive twice."""
    return SendError(UNREADABLE, Retry.NEVER, "Graph accepted it with an answer that cannot be read", attempts=1)

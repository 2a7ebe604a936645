"""Chats held by somebody else, such as Meta's agent: taken to send a message, then given back.

Meta: whatsapp/conversation-routing and webhooks/reference/standby, Aug to Oct 2026. Only the escalation partner of
the account may take a chat; sending a message without taking the chat also takes it, where that is allowed at all.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog

from ...messages.reply import Outbound
from ...service.ports import SendError
from ..whatsapp.messages import ThreadAction, thread_request

T = TypeVar("T")

log = structlog.get_logger(__name__)

PATH = "thread_control"
"""`POST /{phone_number_id}/thread_control` at Graph, as partners call it (docs.kapso.ai, partner-docs.gupshup.io,
docs.360dialog.com/docs/mba, Oct 2026). Meta's own page of the agent (meta-business-agent/reference/operate/
thread-control-cloud-api) names the same request at api.facebook.com, which our GRAPH_URL does not reach."""

_FAILURES: Mapping[ThreadAction, tuple[str, str]] = {
    "take": (
        "chat_not_taken",
        "name this app as the escalation partner (Meta Business Suite > conversation routing); the withdrawal is in "
        "force, its confirmation was tried as an ordinary message",
    ),
    "release": (
        "chat_not_given_back",
        "give the chat back in Meta Business Suite; else it goes back 24 hours after the person's last message",
    ),
}
"""The problem and its cure, for operators."""


class Threads:
    """Takes and gives back the chats of a business number."""

    def __init__(self, ask: Callable[[bytes], Awaitable[bytes]]) -> None:
        """`ask` posts a request to `PATH`, and raises `SendError`."""
        self._ask = ask

    async def lent(self, outbound: Outbound, send: Callable[[Outbound], Awaitable[T]]) -> T:
        """Take the chat, `send`, and give the chat back. Raises what `send` raises, and no error of its own."""
        taken = await self._control("take", outbound)
        try:
            sent = await send(outbound)
        except SendError:
            if taken:
                await self._control("release", outbound)
            raise
        await self._control("release", outbound)
        return sent

    async def _control(self, action: ThreadAction, outbound: Outbound) -> bool:
        try:
            await self._ask(thread_request(action, outbound))
        except SendError as error:
            event, cure = _FAILURES[action]
            log.error(event, code=error.code, meaning=error.meaning, cure=cure)
            return False
        return True

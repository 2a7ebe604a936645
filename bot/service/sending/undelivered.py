"""What happens when one of our messages reaches nobody: its question ends, or the request it answers is reopened.

How far the answer to a request got otherwise is noted beside the request, for whoever has to prove that it was given.
"""

import time
from collections.abc import Callable

import structlog

from ...messages.inbound import Inbound, MessageId, QuestionStatus, Sender
from ...messages.reply import Outbound
from ..ports import UNDELIVERED, Became, Inbox, Requests

log = structlog.get_logger(__name__)

_REFERENCE_BYTES = 8
"""Bytes: enough to tell a person's few messages apart."""


def reference(token: bytes) -> str:
    """Return the reference by which sessions name a message, from the token of its id."""
    return token[:_REFERENCE_BYTES].hex()


class Undelivered:
    """Handles what depends on whether messages are read."""

    def __init__(self, inbox: Inbox, requests: Requests, clock: Callable[[], float] = time.time) -> None:
        self._inbox = inbox
        self._requests = requests
        self._clock = clock

    async def unsent(self, outbound: Outbound) -> None:
        """Note that a message will never be sent. May be repeated; raises `Unavailable`."""
        if question := outbound.matter.question:  # a later YES would answer something that was never seen
            at, news = self._clock(), QuestionStatus(question, "unsent")
            id = MessageId(f"unsent {outbound.id}")
            person, channel = outbound.person, outbound.channel
            await self._inbox.forward(Inbound(id, Sender(), int(at), news, at, person=person, channel=channel))
        if request := outbound.matter.request:
            await self.unanswered(request)

    async def answered(self, request: str, became: Became, at: int) -> None:
        """Note how far an answer to a request got. May be repeated; raises `Unavailable`."""
        await self._requests.note_answer(request, became, at)

    async def unanswered(self, request: str) -> None:
        """Note that an answer to a request reached nobody. May be repeated; raises `Unavailable`."""
        if await self._requests.reopen(request, UNDELIVERED, self._clock()):
            log.warning("request_open_again", cure="answer in another way: see `requests list`")

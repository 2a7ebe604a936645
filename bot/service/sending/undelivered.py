"""What follows when a message of ours reaches nobody: its question ends, the request that it answers is open again.

A channel may tell it at once, or by a delivery status later, which names the message by our own id of it and nothing
else. So that id says what hangs on the message.
"""

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from ...messages.inbound import Inbound, MessageId, QuestionStatus, Sender
from ..ports import Inbox, PersonId

log = structlog.get_logger(__name__)

_QUESTION = "question"
_REQUEST = "request"


def named(name: str, *, question: str = "", request: str = "") -> str:
    """Return the id of a message that asks a question, or answers a request; `name` is its own among all messages."""
    if question:
        return f"{name}.{_QUESTION}.{question}"
    return f"{name}.{_REQUEST}.{request}" if request else name


def question_of(id: str) -> str:
    """Return the question that a message of ours with this id asks; empty if it asks none."""
    match id.rsplit(".", 2):
        case _, kind, question if kind == _QUESTION:
            return question
    return ""


def reference(token: bytes) -> str:
    """Return what sessions refer to a message by, of the token of its id."""
    return token[:_REFERENCE_BYTES].hex()


_REFERENCE_BYTES = 8
"""Enough to tell a person's few messages apart."""


class Requests(Protocol):
    """The requests of persons."""

    async def reopen(self, request_id: str, reason: str, now: float) -> bool:
        """Let a request that was done wait again; False when it was not done. Raises `Unavailable`."""


class Undelivered:
    """Sees to what hung on messages that nobody will read."""

    def __init__(self, inbox: Inbox, requests: Requests, clock: Callable[[], float] = time.time) -> None:
        self._inbox = inbox
        self._requests = requests
        self._clock = clock

    async def note(self, id: str, person: PersonId) -> None:
        """Note that its person will not read the message with this id. May be repeated; raises `Unavailable`."""
        match id.rsplit(".", 2):
            case _, kind, question if kind == _QUESTION:  # a later YES would answer something unseen
                at, news = self._clock(), QuestionStatus(question, "unsent")
                await self._inbox.forward(
                    Inbound(MessageId(f"unsent {id}"), Sender(), int(at), news, at, person=person)
                )
            case _, kind, request if kind == _REQUEST:
                if await self._requests.reopen(request, "the answer could not be delivered", self._clock()):
                    log.warning("request_open_again", cure="answer in another way: see `requests list`")

"""Conversations of persons with the company's staff, and what the persons wrote in them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .people import PersonId

EndedBy = Literal["", "staff", "silence", "settings"]
"""What ended a conversation: `settings` if nobody answers in the chat any more; empty: it goes on."""

Change = Literal["edited", "deleted"]
"""What the person did to a message that they had written."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation of a person with the staff. Times are unix seconds."""

    id: str
    person: PersonId
    began: int
    last: int
    """When the person last wrote."""
    ended: int = 0
    """0: it goes on."""
    ended_by: EndedBy = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a person wrote to the staff."""

    id: str
    """The message's token, by which it can be answered; it says nothing of the person …"""
    older_ids: Sequence[str] = ()
    """… and the tokens by older keys."""
    at: int
    """WhatsApp's time, unix seconds."""
    kind: str
    """`text`, `choice`, or another kind of content, such as `image`."""
    text: str = field(repr=False)
    """What was typed, or the caption; empty if there is nothing to read."""


class Conversations(Protocol):
    """Keeps conversations. Every method raises `Unavailable`."""

    async def take(self, person: PersonId, written: Written, why: str) -> None:
        """Keep a message, once, in the person's open conversation or in a new one; the events tell of both.

        `why` tells what began a new one. Raises `NoSuchPerson` if the person is gone.
        """

    async def correct(self, person: PersonId, written: Written, change: Change) -> bool:
        """Replace the text of the message with this token, and tell of it; False if it was not written to the staff."""

    async def page(self, after: str, most: int, *, ended: bool) -> Sequence[Conversation]:
        """Return conversations that go on, or that `ended`, in the order in which they began, after an id."""

    async def find(self, id: str) -> Conversation | None:
        """Return a conversation."""

    async def written(self, id: str) -> Sequence[Written]:
        """Return what the person wrote, the oldest first."""

    async def end(self, id: str, at: int, until: int) -> None:
        """Note that the staff ended a conversation, which is kept until a moment, unless it had ended."""

    async def end_silent(self, before: int, at: int, until: int, by: EndedBy = "silence") -> int:
        """End the conversations in which the person wrote nothing since a moment; return how many."""


class OpenConversations(Protocol):
    """The conversations that go on. Every method raises `Unavailable`."""

    async def is_open(self, person: PersonId, message: str) -> bool:
        """Whether a message, by its token, is part of the person's open conversation: the staff may answer it."""

    async def last_written(self, persons: Collection[PersonId]) -> Mapping[PersonId, int]:
        """Return when these persons last wrote in a conversation that goes on; the others are left out."""

"""Conversations with the company's staff: which there are, what the person wrote, and ending them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from ...errors import OperatorError
from ..ports import Conversation, Conversations, Written
from .find import Find, Look
from .recording import Recording


class UnknownConversation(OperatorError):
    """There is no such conversation."""


@dataclass(frozen=True, slots=True)
class WholeConversation:
    """A conversation, and what the person wrote."""

    conversation: Conversation
    written: Sequence[Written] = field(repr=False)


class ReadConversations:
    """The use cases. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        find: Find,
        conversations: Conversations,
        recording: Recording,
        keep: timedelta,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`keep`: how long a conversation is kept after its end."""
        self._find = find
        self._conversations = conversations
        self._recording = recording
        self._keep = keep
        self._clock = clock

    async def page(self, after: str, most: int, *, ended: bool) -> Sequence[Conversation]:
        """Return conversations that go on, or that `ended`, by their begin, after an id. Only `show` tells words."""
        return await self._conversations.page(after, most, ended=ended)

    async def show(self, id: str, look: Look) -> WholeConversation:
        """Return a conversation with what the person wrote, on record. Raises `UnknownConversation`."""
        conversation = await self._found(id)
        await self._find.by_id(conversation.person, look)
        return WholeConversation(conversation, await self._conversations.written(id))

    async def end(self, id: str, look: Look) -> Conversation:
        """End a conversation: what the person writes now goes to the dialogues again. Repeating it does nothing."""
        conversation = await self._found(id)
        looked = await self._find.by_id(conversation.person, look)
        now = int(self._clock())
        await self._conversations.end(conversation.id, now, now + int(self._keep.total_seconds()))
        await self._recording.forget_sessions(looked.records)  # also if the call before this broke off
        return await self._found(id)

    async def _found(self, id: str) -> Conversation:
        try:
            found = await self._conversations.find(str(UUID(id)))
        except ValueError:
            found = None
        if found is None:
            raise UnknownConversation("there is no such conversation; list them")
        return found

"""Conversations of persons with the company's staff: takes what they write, and ends what has fallen silent."""

import time
from collections.abc import Callable

from ..business import StaffChat
from ..conversation.turn import message_token, said
from ..keys import Keyring
from ..messages.inbound import Correction, Media, MessageId, Other
from .ports import Conversations, HandedOver, NoSuchPerson, Written

_FOREVER = 2**62
"""Later than any moment, unix seconds."""


class StaffConversations:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        conversations: Conversations,
        chat: StaffChat | None,
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`chat`: None if nobody answers in the chat any more; then what goes on is ended."""
        self._conversations = conversations
        self._chat = chat
        self._keys = keys
        self._clock = clock

    async def take(self, handed: HandedOver) -> bool:
        """Keep a message for the staff and tell of it, once; False if there is nothing to keep.

        That is so for somebody who was erased meanwhile, and for a change of what was not written to the staff.
        """
        content = handed.inbound.content
        if isinstance(content, Correction):
            written = self._written(handed, content.original, content.text)
            return await self._conversations.correct(
                handed.person, written, "edited" if content.kind == "edit" else "deleted"
            )
        try:
            written = self._written(handed, handed.inbound.id, said(content))
            await self._conversations.take(handed.person, written, handed.to_staff)
        except NoSuchPerson:
            return False
        return True

    def _written(self, handed: HandedOver, message: MessageId, text: str) -> Written:
        content = handed.inbound.content
        kind = content.kind if isinstance(content, Media | Other) else type(content).__name__.lower()
        id, *older = (message_token(message, keys.questions) for keys in (self._keys, *self._keys.older))
        return Written(id=id, older_ids=older, at=handed.inbound.at, kind=kind, text=text)

    async def end_silent(self) -> None:
        """End the conversations in which the person has been silent for long enough."""
        now, chat = int(self._clock()), self._chat or StaffChat()
        until = now + int(chat.keep.total_seconds())
        if self._chat is None:
            await self._conversations.end_silent(_FOREVER, now, until, by="settings")
        else:
            await self._conversations.end_silent(now - int(chat.ends_after.total_seconds()), now, until)

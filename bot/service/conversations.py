"""Conversations of persons with the company's staff: takes what they write, and ends what has fallen silent."""

import time
from collections.abc import Callable, Sequence

from ..business import StaffChat
from ..conversation.turn import message_token, said
from ..keys import Keyring
from ..messages.inbound import Choice, Correction, Media, MessageId, Other, Sender
from .ports import Change, Conversations, HandedOver, NoSuchPerson, Sessions, Written
from .shards import of_shard, token_of

_FOREVER = 2**62
"""Later than any moment, unix seconds."""


class StaffConversations:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        conversations: Conversations,
        sessions: Sequence[Sessions],
        chat: StaffChat | None,
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sessions` of all shards; `chat`: None if nobody answers in the chat any more; then what goes on is ended."""
        self._conversations = conversations
        self._sessions = sessions
        self._chat = chat
        self._keys = keys
        self._clock = clock

    async def take(self, handed: HandedOver) -> bool:
        """Keep a message for the staff and tell of it, once; False if there is nothing to keep.

        That is so for somebody who was erased meanwhile, and for a change of what was not written to the staff.
        """
        content = handed.inbound.content
        try:
            if isinstance(content, Correction):
                return await self._change(handed, content)
            await self._keep(handed, self._written(handed, handed.inbound.id, said(content)))
        except NoSuchPerson:
            return False
        return True

    async def _change(self, handed: HandedOver, change: Correction) -> bool:
        """Take what a message says now; in a conversation that goes on, an edit of one that did not come is written."""
        written = self._written(handed, change.original or handed.inbound.id, change.text)
        became: Change = "edited" if change.kind == "edit" else "deleted"
        if await self._conversations.correct(handed.person, written, became):
            return True
        if became == "deleted" or handed.to_staff == "corrected":
            return False
        await self._keep(handed, written)
        return True

    async def _keep(self, handed: HandedOver, written: Written) -> None:
        await self._conversations.take(handed.person, written, handed.to_staff)
        await self._make_known(handed.inbound.sender)

    async def _make_known(self, sender: Sender) -> None:
        """Let the dialogues know of a conversation that began unknown to them: their session is made anew with it."""
        token = token_of(sender, self._keys)
        sessions = of_shard(token, self._sessions)
        (loaded,) = await sessions.load([token])
        if loaded is not None and not loaded[0].staff_at:
            await sessions.forget(token)

    def _written(self, handed: HandedOver, message: MessageId, text: str) -> Written:
        match handed.inbound.content:
            case Media(kind=kind) | Other(kind=kind):
                pass
            case Choice():
                kind = "choice"
            case _:
                kind = "text"
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

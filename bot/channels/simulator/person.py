"""Somebody in WhatsApp: types, taps, reacts, and reads what the bot answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from ...messages.reply import Button, Row
from . import webhooks
from .graph import GraphSimulator
from .hook import Hook
from .sent import Sent
from .webhooks import Identity


class SimulatedPerson:
    """A person who chats with the bot behind `hook` and is reached through `graph`.

    Every action returns the bot's replies: as many as `replies` says (0 does not wait) or, by default, all until the
    bot has `settled` or, without that, is quiet for a moment. The first must come within `patience` seconds.
    """

    def __init__(
        self,
        graph: GraphSimulator,
        hook: Hook,
        who: Identity | None = None,
        *,
        patience: float = 30.0,
        quiet: float = 0.1,
        settled: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.who = who or Identity()
        self._graph = graph
        self._hook = hook
        self._patience = patience
        self._quiet = quiet
        self._settled = settled
        self._addresses = {self.who.phone, self.who.bsuid}
        self.typed: list[str] = []
        """The ids of the texts that this person typed."""

    @property
    def replies(self) -> list[Sent]:
        """Everything the bot sent to this person."""
        return [message for message in self._graph.sent if message.recipient in self._addresses]

    async def say(self, text: str, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Type a text; `more` is as in `webhooks.message`."""
        more = {"id": webhooks.new_id(self.who)} | more
        self.typed.append(more["id"])
        return await self.send(webhooks.text(self.who, text, **self._at(more)), replies=replies)

    async def forward(self, text: str, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Pass on a text from another chat."""
        return await self.send(webhooks.forwarded(self.who, text, **self._at(more)), replies=replies)

    async def edit(self, original: str, text: str, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Change the text that was sent with the id `original`."""
        return await self.send(webhooks.edit(self.who, original, text, **self._at(more)), replies=replies)

    async def revoke(self, original: str, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Delete the message that was sent with the id `original`."""
        return await self.send(webhooks.revoke(self.who, original, **self._at(more)), replies=replies)

    async def tap(self, choice: str, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Tap a button or a row, found by title or id in what the bot said last. Raises `LookupError`."""
        message, tapped = self._find(choice)
        more = {"quoted": message.id} | self._at(more)
        if isinstance(tapped, Row):
            post = webhooks.list_tap(self.who, tapped.id, tapped.title, tapped.description, **more)
        elif message.template:
            post = webhooks.quick_reply(self.who, tapped.id, tapped.title, **more)
        else:
            post = webhooks.button_tap(self.who, tapped.id, tapped.title, **more)
        return await self.send(post, replies=replies)

    async def react(self, emoji: str | None, *, replies: int | None = 0, **more: Any) -> list[Sent]:
        """Set an emoji on the bot's last message, or take it away with None. Raises `LookupError`."""
        if not (seen := self.replies):
            raise LookupError("the bot has said nothing to react to")
        return await self.send(webhooks.reaction(self.who, seen[-1].id, emoji, **self._at(more)), replies=replies)

    async def speak(self, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Send a voice note."""
        return await self.send(webhooks.voice(self.who, **self._at(more)), replies=replies)

    async def show(self, caption: str | None = None, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Send a picture."""
        return await self.send(webhooks.image(self.who, caption, **self._at(more)), replies=replies)

    async def stick(self, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Send a sticker."""
        return await self.send(webhooks.sticker(self.who, **self._at(more)), replies=replies)

    async def locate(self, *, replies: int | None = None, **more: Any) -> list[Sent]:
        """Send a location."""
        return await self.send(webhooks.location(self.who, **self._at(more)), replies=replies)

    async def prefer(self, value: Literal["stop", "resume"], *, replies: int | None = 0) -> list[Sent]:
        """Use WhatsApp's own switch for marketing messages. It opens no window."""
        at, number = self._graph.clock(), self._graph.phone_number_id
        post = webhooks.preference(self.who, value, at=at, number=number)
        return await self.send(post, replies=replies, heard=False)

    async def change_number(
        self, phone: str, bsuid: str | None = None, *, replies: int | None = 0, **more: Any
    ) -> list[Sent]:
        """Take a new number and, with it, a new BSUID. It opens no window."""
        old, self.who = self.who, Identity(phone, bsuid, self.who.name)
        self._addresses |= {phone, bsuid}
        post = webhooks.changed_number(old, self.who, **self._at(more))
        return await self.send(post, replies=replies, heard=False)

    async def send(self, post: bytes, *, replies: int | None = None, heard: bool = True) -> list[Sent]:
        """Post any webhook about this person and return the bot's replies. Raises `TimeoutError`, `WebhookRefused`."""
        before = len(self.replies)
        if heard:
            self._graph.heard(self.who)
        await self._hook.post(post)
        await self._wait(before + (1 if replies is None else replies))
        if replies is None:
            await self._until_quiet()
        return self.replies[before:]

    def _at(self, more: dict[str, Any]) -> dict[str, Any]:
        return {"at": self._graph.clock(), "number": self._graph.phone_number_id} | more

    def _find(self, choice: str) -> tuple[Sent, Button | Row]:
        offered = [(message, option) for message in reversed(self.replies) for option in message.choices]
        for message, option in offered:
            if choice in (option.id, option.title):
                return message, option
        raise LookupError(f"nothing to tap is called {choice!r}; there is {[option.title for _, option in offered]}")

    async def _wait(self, count: int) -> None:
        try:
            await self._graph.wait_until(lambda: len(self.replies) >= count, self._patience)
        except TimeoutError:
            missing = count - len(self.replies)
            raise TimeoutError(f"{missing} replies did not come within {self._patience} s") from None

    async def _until_quiet(self) -> None:
        if self._settled is not None:
            return await self._settled()
        known = -1
        while known != len(self.replies):
            known = len(self.replies)
            await asyncio.sleep(self._quiet)

"""What became of the bot's messages: statuses, which the simulated Graph posts to the bot as webhooks."""

import asyncio
from collections.abc import Sequence
from typing import Literal

import aiohttp

from . import webhooks
from .hook import Hook, WebhookRefused
from .sent import Sent
from .webhooks import Identity

ReportedStatus = Literal["sent", "delivered", "read"]


class Reports:
    """Posts the statuses of accepted messages, once it knows `to` whom."""

    def __init__(self, number: str) -> None:
        """`number`: the id of the number that sent the messages."""
        self.failures: list[Exception] = []
        """Why statuses could not be posted."""
        self._number = number
        self._hook: Hook | None = None
        self._statuses: Sequence[ReportedStatus] = ()
        self._tasks: set[asyncio.Task[None]] = set()

    def to(self, hook: Hook, statuses: Sequence[ReportedStatus]) -> None:
        """Post these statuses of each message from now on."""
        self._hook, self._statuses = hook, statuses

    def start(self, who: Identity, message: Sent, fails_later: int | None) -> None:
        """Post the statuses of a message to somebody; with an error code, only that it failed."""
        if self._hook is not None:
            task = asyncio.create_task(self._post(self._hook, self._bodies(who, message, fails_later)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def posted(self) -> None:
        """Wait until all that were started are posted."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _bodies(self, who: Identity, message: Sent, fails_later: int | None) -> list[bytes]:
        reference = message.reference or None
        if fails_later is not None:
            return [
                webhooks.status(who, message.id, "failed", code=fails_later, reference=reference, number=self._number)
            ]
        return [
            webhooks.status(who, message.id, status, reference=reference, number=self._number)
            for status in self._statuses
        ]

    async def _post(self, hook: Hook, bodies: Sequence[bytes]) -> None:
        try:
            for body in bodies:
                await hook.post(body)
        except (WebhookRefused, aiohttp.ClientError, TimeoutError) as error:
            self.failures.append(error)

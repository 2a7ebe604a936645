"""A worker process that kills itself: everything in it is the program, but for one method that ends by `kill -9`."""

import os
import signal
from typing import Any

import uvloop

from bot.app import runtime
from bot.channels.meta.client import CloudApi
from bot.commands.serve import serve
from bot.settings import Settings
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.redis.outbox import Messages
from bot.stores.redis.sessions import Sessions
from bot.stores.redis.streams import Stream

AFTER: dict[str, tuple[type, str]] = {
    "received": (Stream, "read"),
    "person made": (Persons, "create"),
    "ledger committed": (Ledger, "append"),
    "language noted": (Persons, "set_locales"),
    "redis committed": (Sessions, "commit"),
    "sent": (CloudApi, "send"),
    "acceptance noted": (Messages, "finish_sent"),
}
"""Steps of a worker, in their order."""


def work(settings: Settings, *, after: str, times: int = 1) -> None:
    """Be a worker until a step was done so many times, to some effect; then die. It sends one message at a time."""
    vars(runtime).update(SENDS_AT_ONCE=1)
    _die(*AFTER[after], times)
    uvloop.run(serve(settings, listen=False, work=True))


def _die(owner: type, method: str, times: int) -> None:
    original = getattr(owner, method)
    left = times

    async def last(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        result = await original(*arguments, **named)
        left -= result is None or bool(result)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, method, last)

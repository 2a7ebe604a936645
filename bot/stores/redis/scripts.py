"""The Lua scripts beside this module, each run by its digest.

A script may be repeated after a lost answer: each is idempotent by design. All keys of a call share a hash tag.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis.exceptions import NoScriptError

from bot.stores.redis.connect import Argument, Client


class Script:
    """One script."""

    def __init__(self, name: str) -> None:
        self._source = (Path(__file__).parent / f"{name}.lua").read_bytes()
        self._digest = hashlib.sha1(self._source, usedforsecurity=False).hexdigest()

    async def run(self, client: Client, keys: Sequence[str | bytes], arguments: Sequence[Argument]) -> Any:
        """Run it; a server that does not know it (fresh, or after a failover) is given it. Raises `Unavailable`."""
        try:
            return await client.run("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await client.run("EVAL", self._source, len(keys), *keys, *arguments)


INGEST = Script("ingest")
COMMIT = Script("commit")
FINISH = Script("finish")
LEAVE = Script("leave")
MOVE = Script("move")
PROMOTE = Script("promote")
REPLAY = Script("replay")
STATUS = Script("status")
THROTTLE = Script("throttle")

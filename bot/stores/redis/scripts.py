"""The Lua scripts beside this module, each run by its digest.

A script may be repeated after a lost answer: each is idempotent by design. All keys of a call share a hash tag.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis.exceptions import NoScriptError

from .connect import Argument, Client


class Script:
    """A script, preceded by the functions that it shares with others."""

    def __init__(self, name: str, shared: str = "") -> None:
        self._source = b"".join((Path(__file__).parent / f"{part}.lua").read_bytes() for part in (shared, name) if part)
        self._digest = hashlib.sha1(self._source, usedforsecurity=False).hexdigest()

    async def run(self, client: Client, keys: Sequence[str | bytes], arguments: Sequence[Argument]) -> Any:
        """Run it, sending it to a server that does not know it (fresh, or after a failover). Raises `Unavailable`."""
        try:
            return await client.run("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await client.run("EVAL", self._source, len(keys), *keys, *arguments)


INGEST = Script("ingest")
COUNT = Script("count")
COMMIT = Script("commit", "lanes")
FINISH = Script("finish")
FINISH_MESSAGE = Script("finish_message", "lanes")
ANSWER = Script("answer", "lanes")
QUEUE = Script("queue", "lanes")
RETRY = Script("retry", "lanes")
LEAVE = Script("leave")
PROMOTE = Script("promote", "lanes")
REPLAY = Script("replay", "lanes")
REWRITE = Script("rewrite")
STATUS = Script("status")
THROTTLE = Script("throttle")
UPCOMING = Script("upcoming")

"""The Lua scripts beside this file, each run by its digest."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

Name = Literal["ingest", "commit", "move", "promote", "throttle", "status"]
Argument = str | bytes | int | float


class Scripts:
    """Runs scripts on one client. A script may be repeated after a lost answer: each is idempotent by design."""

    def __init__(self, client: "Redis[bytes]") -> None:
        self._client = client
        self._sources = {path.stem: path.read_bytes() for path in Path(__file__).parent.glob("*.lua")}
        self._digests = {name: hashlib.sha1(source).hexdigest() for name, source in self._sources.items()}  # noqa: S324

    async def run(self, name: Name, keys: Sequence[str | bytes], arguments: Sequence[Argument]) -> Any:
        """Run a script; a server that does not know it (fresh, or after a failover) is given it."""
        try:
            return await self._client.execute_command("EVALSHA", self._digests[name], len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._client.execute_command("EVAL", self._sources[name], len(keys), *keys, *arguments)

"""The links of MY DATA: the language of whose link it is, and the file, which is given once."""

import re
from collections.abc import Callable

from ..ports import Exports

_secret = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch
"""Whether a text can be the secret of a link; nothing else is looked up."""


class Links:
    """Finds the links that persons got, by their secrets. Every method raises `Unavailable`."""

    def __init__(self, exports: Exports, clock: Callable[[], float]) -> None:
        self._exports = exports
        self._clock = clock

    async def language(self, secret: str) -> str | None:
        """Return the language of the person whose link this is, perhaps empty; None if the link is gone."""
        return await self._exports.language(secret, self._clock()) if _secret(secret) else None

    async def fetch(self, secret: str) -> bytes | None:
        """Return the file behind a link and use the link up; None if it is gone. Raises `Undecipherable`."""
        return await self._exports.fetch(secret, self._clock()) if _secret(secret) else None

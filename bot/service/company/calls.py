"""Calls that a program may repeat: after a timeout it cannot know whether the first was heard.

Draft of the IETF: draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Awaitable, Callable

from ..ports import Calls, Given


class OtherCall(Exception):
    """The key was used for a different call."""


class Repeatable:
    """The use case."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def answer(
        self, caller: str, key: str, content: bytes, work: Callable[[str], Awaitable[Given]]
    ) -> tuple[Given, bool]:
        """Return the answer of `work`, or the first answer with this key; also whether it is repeated.

        `work` gets the id of what the call makes. Only final answers are kept: a repetition after a 5xx works again.
        Raises `OtherCall`, `Unavailable`.
        """
        call = await self._calls.begin(caller, key, content)
        if not call.same:
            raise OtherCall
        if call.given is not None:
            return call.given, True
        given = await work(call.id)
        if given.status < 500:
            await self._calls.finish(caller, key, given)
        return given, False

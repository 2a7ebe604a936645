"""Calls that a program may repeat: after a timeout it cannot know whether the first was heard.

Draft of the IETF: draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to a call."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made before, or begins now."""

    id: str
    """A UUID for what it makes: the same at each repetition, so nothing is made twice."""
    same: bool
    """Whether it asks for the same as the first call with its key."""
    given: Given | None
    """The first answer; None if it is not known, since the first call broke off."""


class Calls(Protocol):
    """Remembers calls. Every method raises `Unavailable`."""

    async def begin(self, caller: str, key: str, content: bytes) -> Call:
        """Note a call with a key of the caller's choice, or find the first with this key; `content`: what it asks."""

    async def finish(self, caller: str, key: str, given: Given) -> None:
        """Keep the answer to a call for its repetitions."""


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

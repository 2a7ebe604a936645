"""The company's own bot: it answers the messages that no dialogue of ours claims."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ...messages.inbound import Inbound
from ...messages.reply import Reply
from .people import PersonId


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote the message: all that the host's bot may know besides it."""

    id: PersonId
    locale: str


Host = Callable[[Inbound, Person], Awaitable[Sequence[Reply] | None]]
"""The host's bot: answers one message; its replies pass the same gate as ours."""

"""What persons get about themselves, and why an answer to them may fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...consent.deadlines import Calendar
from ...consent.requests import Request, State
from ...consent.rights import Right
from ..rights.my_data import MyData
from .people import PersonId


@dataclass(frozen=True, slots=True)
class Export:
    """What was made for a person: a document that the channel holds, and a file behind a link that works once."""

    id: str
    made_at: int
    """Unix seconds."""
    expires_at: int
    """When the link ends, unix seconds."""
    secret: str = field(repr=False)
    """The end of the link; whoever knows it may fetch the file. Never to be logged."""
    file: bytes = field(repr=False)
    """The file behind the link; empty if there is no link."""
    media_id: str
    """Id of the document at the channel; empty if there is none."""
    fetched: bool = False
    """Whether the link was used, and leads nowhere now."""


class Exports(Protocol):
    """What was made ready for persons; files are sealed with their keys. Every method raises `Unavailable`."""

    async def keep(
        self, person: PersonId, right: Right, *, file: bytes, media_id: str, made_at: int, expires_at: int
    ) -> Export:
        """Keep a file behind a new link, beside the document that says the same. Raises `NoSuchPerson`."""

    async def newest(self, person: PersonId, right: Right, now: float) -> Export | None:
        """Return the newest export for a right whose link still works, to be sent again."""

    async def made_since(self, person: PersonId, right: Right, since: float) -> Sequence[Export]:
        """Return the exports made for a right from `since` on, fetched or not, the newest first.

        Raises `Undecipherable`.
        """

    async def media(self, person: PersonId) -> list[str]:
        """Return the channel's ids of all documents of a person, to delete them there."""

    async def language(self, secret: str, now: float) -> str | None:
        """Return the language of the person whose link this is; None if the link is gone."""

    async def fetch(self, secret: str, now: float) -> bytes | None:
        """Return the file behind a link, once; None if the link is gone."""

    async def expire(self, now: float) -> list[str]:
        """Delete all exports whose link has expired; return the channel's ids of their documents."""


class Requests(Protocol):
    """Requests of persons about their data, and each request's steps. Every method raises `Unavailable`."""

    async def open(
        self,
        person: PersonId,
        right: Right,
        *,
        at: int,
        inbound: bytes,
        now: float,
        calendar: Calendar,
        details: str = "",
    ) -> tuple[Request, bool]:
        """Note a request that a message made, once; also return whether it is new."""

    async def change(self, before: Request, after: Request, *, actor: str, reason: str, now: float) -> None:
        """Take a step that `bot.consent.requests` allowed. Raises `ChangedMeanwhile`."""

    async def reopen(self, request_id: str, reason: str, now: float) -> bool:
        """Reopen a request that was closed, or note it beside an extended one; False if it never was answered."""

    async def note_answer(self, request_id: str, became: str, at: int) -> None:
        """Note how far an answer to a request got, e.g. `delivered`; only the first time since its last step."""


UNDELIVERED = "the answer could not be delivered"
"""The reason of the step that opens a request again."""


@dataclass(frozen=True, slots=True)
class StepTaken:
    """Something that happened to a request."""

    at: int
    """Our time, unix seconds."""
    state: State
    actor: str
    reason: str


class ChangedMeanwhile(Exception):
    """Somebody else has changed the request; look again."""


class OutOfReach(Exception):
    """Nothing can be sent to the person in the chat any more, so somebody must answer them in another way."""


class Documents(Protocol):
    """Writes a person's documents. Takes hundreds of milliseconds of CPU, so it must be called in a thread."""

    def my_data(self, data: MyData, locale: str) -> bytes:
        """Return the PDF with everything that is known about a person (GDPR Art. 15)."""

    def receipt(self, data: MyData, locale: str, evidence: Mapping[str, Any] | None = None, page: str = "") -> bytes:
        """Return the PDF that proves what the person agreed to (GDPR Art. 7(1)).

        It carries `evidence`, if there is any yet. `page`: the address where it can be checked, if there is one.
        """

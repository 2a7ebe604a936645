"""Events: what the company's own systems are told, each written together with what it tells.

An event holds our reference to a person and facts, never a number, a name or a text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from ...consent.evidence import Kind
from ...times import iso
from .people import PersonId


class EventType(StrEnum):
    """What happened."""

    CONSENT_REQUESTED = "consent.requested"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_LAPSED = "consent.lapsed"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_PAUSED = "consent.paused"
    CONSENT_KEPT = "consent.kept"
    CONSENT_OBJECTED = "consent.objected"
    CONSENT_RESTRICTED = "consent.restricted"
    CONSENT_LIFTED = "consent.lifted"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_STALE = "consent.stale"
    PERSON_ERASED = "person.erased"
    PERSON_MERGED = "person.merged"
    PERSON_MOVED = "person.moved"
    PERSON_CORRECTED = "person.corrected"
    REQUEST_OPENED = "request.opened"
    REQUEST_EXTENDED = "request.extended"
    REQUEST_DUE = "request.due"
    REQUEST_CLOSED = "request.closed"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_READ = "message.read"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_REFUSED = "message.refused"
    CONVERSATION_BEGAN = "conversation.began"
    CONVERSATION_MESSAGE = "conversation.message"
    CONVERSATION_ENDED = "conversation.ended"
    TEST = "webhook.test"
    """Sent only when an operator tries an endpoint."""

    @classmethod
    def of(cls, kind: Kind) -> "EventType | None":
        """Return the type that tells of a ledger entry of this kind; None: nobody is told of what is no consent."""
        match kind:
            case Kind.IMPORTED | Kind.RELATIONSHIP:
                return None
            case Kind.ERASED:
                return cls.PERSON_ERASED
            case Kind.MERGED:
                return cls.PERSON_MERGED
        return cls(f"consent.{kind}")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be noted."""

    type: EventType
    at: int
    """When it happened, unix seconds."""
    person: PersonId | None
    subject: str = ""
    """Our own id of the message or request that it is about; never a channel's id, which may hold a number."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Facts, JSON-able."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it was noted."""

    id: str
    """The same each time that it is sent."""
    type: str
    at: int
    """When it happened, unix seconds."""
    person: PersonId | None
    subject: str
    data: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON, as the API and webhooks show it."""
        about = {self.type.partition(".")[0]: self.subject} if self.subject else {}
        return {
            "id": self.id,
            "type": self.type,
            "at": iso(self.at),
            "person": self.person,
            "data": {**about, **self.data},
        }


class Position(NamedTuple):
    """Where an event stands in the order in which all events are read."""

    xid: int
    """Number of the transaction that noted it."""
    number: int


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that signs what is sent to an endpoint."""

    text: str = field(repr=False)
    """Begins with `whsec_`."""
    until: int | None
    """The last moment at which it signs, unix seconds; None: until the next rotation."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of the company's systems that events are sent to."""

    id: str
    url: str = field(repr=False)
    """May hold a secret: never to be logged."""
    secrets: Sequence[Secret]
    """The newest first."""
    types: Sequence[str]
    """The types that it wants; empty: all."""
    with_address: bool
    """Whether it is told the person's address as well."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that an endpoint has not got yet."""

    position: Position
    event: Event
    since: int
    """From when on its time is counted, unix milliseconds."""
    attempts: int = 0
    stored: bool = False
    """Whether it waits in the endpoint's own list, because an earlier attempt failed or an earlier event waits."""
    behind: int = 0
    """When the earlier event of the same person that it must wait for is tried next, unix milliseconds; 0: none."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An endpoint that this worker alone sends to for a while."""

    endpoint: Endpoint
    position: Position
    """Events up to here are delivered, or wait in the endpoint's own list."""
    failures: int
    """Rounds in a row in which nothing was delivered."""
    since: int
    """When it was added or replayed, unix milliseconds."""


@dataclass(frozen=True, slots=True)
class Later:
    """An event that must be tried again, or was given up."""

    pending: Pending
    attempts: int
    next_at: int
    """Unix milliseconds."""
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round led to."""

    position: Position
    """Events up to here are dealt with."""
    delivered: Sequence[Pending]
    later: Sequence[Later]
    failures: int
    rests_until: int
    """When the next round may begin, unix milliseconds."""
    recovered: bool
    """Whether something was delivered after rounds without: what waits is due at once."""
    status: str
    """What the last attempt led to: an HTTP status or a kind of error; empty: there was none."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far an endpoint is."""

    endpoint: str
    waiting: int
    """Events that it has not got."""
    oldest: float
    """Age of the oldest of them in seconds; 0 when none waits."""
    dead: int
    """Events that were given up."""
    status: str
    """What the last attempt led to."""


class Events(Protocol):
    """All events. Every method raises `Unavailable`."""

    async def note(self, *events: NewEvent) -> None:
        """Note events in this order."""

    async def of(self, subject: str) -> Sequence[Event]:
        """Return the events of a message or request, the oldest first."""

    async def after(self, position: Position, limit: int) -> Sequence[tuple[Position, Event]]:
        """Return the events after a position in order; none that is noted later ever comes before them."""

    async def settle_in(self) -> None:
        """After a backup was restored into a new server, let the order of events go on."""


class Endpoints(Protocol):
    """The endpoints, and what waits for each. Every method raises `Unavailable`."""

    async def ready(self, worker: str, now: int) -> Sequence[str]:
        """Return the endpoints for which this worker may have something to do."""

    async def claim(self, endpoint: str, worker: str, now: int, until: int) -> Claimed | None:
        """Keep other workers off an endpoint for a while; None if it is gone or another worker has it."""

    async def release(self, worker: str) -> None:
        """Let other workers have this worker's endpoints."""

    async def due(self, endpoint: str, now: int, limit: int) -> Sequence[Pending]:
        """Return what is to be tried again, each person's events in order."""

    async def fresh(self, claimed: Claimed, limit: int) -> tuple[Sequence[Pending], Position]:
        """Return the next events after the endpoint's position, and up to where that is all that it wants."""

    async def backlog(self) -> Sequence[Backlog]:
        """Return how far each endpoint is."""

    async def mark(self, endpoint: str, worker: str, outcome: Outcome) -> bool:
        """Note what a round led to, all or nothing; False if another worker has the endpoint meanwhile."""


class Answered(NamedTuple):
    """How an endpoint answered."""

    ok: bool
    status: str
    """The HTTP status, or the kind of error."""


class Post(Protocol):
    """Posts to endpoints."""

    def refuses(self, url: str) -> str:
        """Return why nothing is posted to a URL, with the cure; empty if it may be tried."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send one request, without following redirects; never raises for what an endpoint does."""

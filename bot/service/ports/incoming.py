"""What comes in: a channel's webhooks, and the inbox that stores each event once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple, Protocol

from ...messages.inbound import Event
from .templates import TemplateNews


class NotAWebhook(ValueError):
    """The body is not what the channel posts."""


class WebRequest(NamedTuple):
    """A request to a channel's webhook address."""

    method: str
    target: str
    """The path with the query, as it came. A signature of the URL covers `BASE_URL` + this: proxies change the rest."""
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        """Show neither what a person wrote nor the secrets that a query may hold."""
        return f"WebRequest({self.method}, {len(self.body)} bytes)"


class WebAnswer(NamedTuple):
    """What a channel answers to a request that holds no news."""

    status: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """An update of a webhook that could not be read."""

    reason: str
    """The field that is missing or wrong; holds nothing of the message."""
    raw: bytes = field(repr=False)
    """A webhook of its own with only this update, so that it can be parsed again; personal data, never to be logged.
    Empty when it is nested too deeply to be written."""


@dataclass(slots=True)
class Parsed:
    """What a webhook held."""

    events: list[Event] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    """Reason → how many well-formed updates became no event."""
    repaired: dict[str, int] = field(default_factory=dict)
    """Kind → how many updates were not as documented but could still be read."""
    templates: list[TemplateNews] = field(default_factory=list)
    """What it says about message templates."""
    fields: list[str] = field(default_factory=list)
    """Names of fields that the channel has added and this version does not know."""

    def ignore(self, reason: str) -> None:
        """Count an ignored update."""
        self.ignored[reason] = self.ignored.get(reason, 0) + 1

    def note_repairs(self, kinds: Iterable[str]) -> None:
        """Count a repair of each kind."""
        for kind in kinds:
            self.repaired[kind] = self.repaired.get(kind, 0) + 1


class Webhooks(Protocol):
    """A channel's way in."""

    def handshake(self, request: WebRequest) -> WebAnswer | None:
        """Return the answer to a request that holds no news, such as the proof that an address is ours; else None.

        It is asked for every method, for a POST before anything else: there it must return None quickly.
        """

    def authentic(self, request: WebRequest) -> bool:
        """Tell whether a request comes from the channel."""

    def parse(self, body: bytes, received_at: float) -> Parsed:
        """Read a webhook; `received_at` is our time in unix seconds. Raises `NotAWebhook`.

        The same bytes give the same ids at each redelivery, and may come again from the dead letters.
        """


class Claim(IntEnum):
    """The strength of an event's claim to be stored once its person is over the limit."""

    FREE = 0
    """Nobody can make it by hand in masses (a status, a new number): not counted."""
    ORDINARY = 1
    """Left out above the limit."""
    MATTERS = 2
    """May end a consent or begin a pause (an edit, a revoked message, a doubtful word): has a limit of its own."""
    WITHDRAWAL = 3
    """Withdraws from everything: always taken, unless it repeats what is already stored."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event to be stored, with the digest of its id and channel and the day it belongs to (days since 1970)."""

    digest: bytes
    day: int
    event: Event = field(repr=False)
    older: Sequence[bytes] = ()
    """The digests of its id by older keys of `SECRET_KEY`, under which it may have been stored before."""
    person: bytes = b""
    """The token of the address that it came from; needed unless its claim is `FREE`."""
    claim: Claim = Claim.FREE
    urgent: bool = False
    """Whether it overtakes what waits in the inbox."""


class Taken(StrEnum):
    """What became of an event that was to be stored."""

    STORED = "stored"
    KNOWN = "known"
    """It had been stored before."""
    FULL = "full"
    """The inbox has no room: the sender must try again later."""
    LIMITED = "limited"
    """Its person sends too much: it is left out."""
    MERGED = "merged"
    """It repeats a stored withdrawal of the same person, with nothing in between: left out, too."""


class Inbox(Protocol):
    """The writing end of one shard's inbox."""

    async def add(self, incoming: Incoming) -> Taken:
        """Store an event once, whoever else stores it too. Raises `Unavailable`."""

    async def knows(self, digest: bytes, day: int) -> bool:
        """Tell whether an event with this digest was stored here before. Raises `Unavailable`."""

    async def confirm(self) -> int:
        """Store again what a failure of the store may have lost of the last seconds; return how much was lost.

        To be called every second. Raises `Unavailable`.
        """

    async def forward(self, event: Event, *, urgent: bool = False) -> None:
        """Put an event of another shard, or of our own, into this inbox without checking whether it was there."""

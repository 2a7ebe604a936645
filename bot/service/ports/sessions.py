"""Sessions, and what the steps of a dialogue leave to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from ...conversation.session import Session, Task
from ...messages.inbound import WHATSAPP, Inbound, MessageId, Sender
from ...messages.reply import Outbound
from .people import PersonId


class HandedOver(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A message for the host's bot, or for the company's staff, on its way there."""

    inbound: Inbound
    person: PersonId
    locale: str
    ledger_seq: int
    """The person's last ledger entry when consent was checked: unchanged means that nothing was withdrawn since."""
    notice: str = ""
    """The version of the privacy notice in force then."""
    to_staff: str = ""
    """Why the staff gets it: `asked`, `not_understood`, `continued` or `corrected`; empty: it is for the host's bot."""
    asks_after: bool = False
    """Whether the person is to be asked for consent once the host's bot has answered."""


class Assigned(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A task on its way to its worker. It holds the addresses, so that an erased person can still be told."""

    task: Task
    inbound: MessageId
    """The message that asked for it."""
    at: int
    """WhatsApp's time of that message, unix seconds."""
    person: PersonId
    sender: Sender
    locale: str
    ledger_seq: int
    """The person's last ledger entry after the step."""
    channel: str = WHATSAPP
    """The name of the channel on which it was asked for."""
    stoppable: bool = False
    """Whether the person had anything to stop then, so that the answer says how."""


class Wrote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a person's last message."""

    at: int = 0
    """WhatsApp's time, unix seconds; 0: nothing is known."""
    unanswered: str = ""
    """The token of their last message that no dialogue claimed."""


@dataclass(slots=True)
class Commit:
    """What a person's messages of a batch led to, to be stored in one step."""

    token: bytes
    """The address token under which the session is kept."""
    read: bytes
    """The session as it was read; empty when there was none."""
    session: Session
    messages: list[bytes]
    """The inbox entries that it finishes."""
    outbound: list[Outbound] = field(default_factory=list)
    handed_over: list[HandedOver] = field(default_factory=list)
    tasks: list[Assigned] = field(default_factory=list)
    timers: list[tuple[float, Inbound]] = field(default_factory=list)
    ended: list[Inbound] = field(default_factory=list)
    """Timers no longer needed."""


class Sessions(Protocol):
    """Where each person stands; may be lost."""

    async def load(self, tokens: Sequence[bytes]) -> list[tuple[Session, bytes] | None]:
        """Return the session of each token with the bytes that it was read from; None where there is none."""

    async def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Finish each person's messages unless their session changed meanwhile; return for each whether it was done."""

    async def forget(self, token: bytes) -> None:
        """Forget the session under a token; what `wrote` returns is kept for a day."""

    async def wrote(self, tokens: Sequence[bytes]) -> Sequence[Wrote]:
        """Return what is known of each person's last message."""

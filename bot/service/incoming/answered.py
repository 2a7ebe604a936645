"""One line in the log for each message that was answered, so that whoever deploys sees that it works.

It tells the kind of message and which texts answered it, never what was written, nor by whom: the person stands there
under a name that only `SECRET_KEY` connects with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import structlog

from ...conversation.dialogue import Step
from ...messages.inbound import (
    AddressChanged,
    HostAnswered,
    Inbound,
    Invitation,
    Lapse,
    QuestionStatus,
    StaffMessage,
)

log = structlog.get_logger(__name__)

_NOBODY_WROTE = (AddressChanged, HostAnswered, Invitation, Lapse, QuestionStatus, StaffMessage)
"""Events that are not messages of a person."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a message. All texts are of closed sets."""

    kind: str
    """Of the message: `text`, `choice`, `media` and so on."""
    texts: Sequence[str]
    """Ids of the texts that answer it, e.g. `opt_in.ask`."""
    recorded: Sequence[str]
    """Kinds of ledger entries that it led to, e.g. `withdrawn`."""
    by: Literal["dialogue", "host", "staff", "nobody"]
    """Who answers it; nobody answers e.g. a reaction."""
    received_at: float

    @classmethod
    def of(cls, inbound: Inbound, step: Step) -> Self | None:
        """Return what became of a message; None if it is looked at again later, or nobody wrote it."""
        if step.postponed or isinstance(inbound.content, _NOBODY_WROTE):
            return None
        return cls(
            kind=type(inbound.content).__name__.lower(),
            texts=[reply.text_id for reply in step.replies if reply.text_id],
            recorded=[entry.kind.value for entry in step.entries],
            by=_who(step),
            received_at=inbound.received_at,
        )

    def tell(self, person: str, now: float) -> None:
        """Log it. `person`: a name that tells nothing without the keys."""
        log.info(
            "message_answered",
            person=person,
            kind=self.kind,
            texts=self.texts,
            recorded=self.recorded,
            by=self.by,
            ms=round(1000 * max(0.0, now - self.received_at)) if self.received_at else None,
        )


def _who(step: Step) -> Literal["dialogue", "host", "staff", "nobody"]:
    if step.handed_over:
        return "host"
    if step.to_staff:
        return "staff"
    return "dialogue" if step.replies or step.tasks else "nobody"

"""What the use cases need from the outside, as protocols that `stores` and `channels` implement.

The values that a protocol passes are defined beside it. Everyone imports them from here; the modules sort them by
subject. A protocol that only a single use case needs is defined in that use case's module.
"""

from .data_holders import DataHolder, Held, Subject, exported
from .evidence import BadEntry, NotSignedYet, StoryEntry
from .incoming import (
    Claim,
    Inbox,
    Incoming,
    Malformed,
    NotAWebhook,
    Parsed,
    Taken,
    WebAnswer,
    Webhooks,
    WebRequest,
)
from .outgoing import Channel, Channels, Messages, Noted, Outbox, Retry, SendError, Sent, Throttle
from .people import AddressTaken, Move, NoSuchPerson, Person, PersonId, Persons, Read, Reads
from .provider import Check, Provider
from .queues import DeadLetter, DeadLetters, Queue, Queued, Unreadable
from .record import Append, Checkpoints, Ledger, Older, PastFact, Renewed, Suppressions
from .retention import Falling, OldLetters, Retained, Rows, Silent
from .rights import ChangedMeanwhile, Export, Exports, OutOfReach, Requests, StepTaken
from .sessions import Assigned, Commit, HandedOver, Sessions

__all__ = [
    "AddressTaken",
    "Append",
    "Assigned",
    "BadEntry",
    "ChangedMeanwhile",
    "Channel",
    "Channels",
    "Check",
    "Checkpoints",
    "Claim",
    "Commit",
    "DataHolder",
    "DeadLetter",
    "DeadLetters",
    "Export",
    "Exports",
    "Falling",
    "HandedOver",
    "Held",
    "Inbox",
    "Incoming",
    "Ledger",
    "Malformed",
    "Messages",
    "Move",
    "NoSuchPerson",
    "NotAWebhook",
    "NotSignedYet",
    "Noted",
    "OldLetters",
    "Older",
    "OutOfReach",
    "Outbox",
    "Parsed",
    "PastFact",
    "Person",
    "PersonId",
    "Persons",
    "Provider",
    "Queue",
    "Queued",
    "Read",
    "Reads",
    "Renewed",
    "Requests",
    "Retained",
    "Retry",
    "Rows",
    "SendError",
    "Sent",
    "Sessions",
    "Silent",
    "StepTaken",
    "StoryEntry",
    "Subject",
    "Suppressions",
    "Taken",
    "Throttle",
    "Unreadable",
    "WebAnswer",
    "WebRequest",
    "Webhooks",
    "exported",
]

"""What the use cases need from the outside, as protocols that `stores` and `channels` implement.

Values that cross a border stand beside its protocol. Everyone imports them from here; the modules sort them by subject.
A protocol that one use case alone needs stands beside it.
"""

from .data_holders import DataHolder, Held, Subject, exported
from .incoming import Claim, Inbox, Incoming, Malformed, NotAWebhook, Parsed, Taken, Webhooks
from .outgoing import Channel, Messages, Outbox, Retry, SendError, Throttle
from .people import AddressTaken, Move, NoSuchPerson, Person, PersonId, Persons
from .queues import DeadLetters, Queue, Queued
from .record import Append, Checkpoints, Ledger, PastFact, Suppressions
from .retention import Falling, OldLetters, Retained, Rows, Silent
from .rights import ChangedMeanwhile, Export, Exports, OutOfReach
from .sessions import Assigned, Commit, HandedOver, Sessions

__all__ = [
    "AddressTaken",
    "Append",
    "Assigned",
    "ChangedMeanwhile",
    "Channel",
    "Checkpoints",
    "Claim",
    "Commit",
    "DataHolder",
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
    "OldLetters",
    "OutOfReach",
    "Outbox",
    "Parsed",
    "PastFact",
    "Person",
    "PersonId",
    "Persons",
    "Queue",
    "Queued",
    "Retained",
    "Retry",
    "Rows",
    "SendError",
    "Sessions",
    "Silent",
    "Subject",
    "Suppressions",
    "Taken",
    "Throttle",
    "Webhooks",
    "exported",
]

"""The contracts of the use cases with the outside: what `stores`, `channels`, `documents` and a host's bot implement.

The values that a contract passes are defined beside it. Everyone imports them from here; the modules sort them by
subject. A narrow view of a store that only one use case needs, such as `operators.find.Entries`, stands beside that
use case instead: nobody else gets at those methods.
"""

from .data_holders import DataHolder, Held, Subject, exported
from .evidence import BadEntry, NotSignedYet, StoryEntry
from .host import Consenter, Host
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
from .outgoing import Accepted, Channel, Channels, Messages, Noted, Outbox, Retry, SendError, Sent, Throttle
from .people import AddressTaken, Move, NoSuchPerson, Person, PersonId, Persons, Read, Reads
from .provider import Check, Provider
from .queues import DeadLetter, DeadLetters, Queue, Queued, Unreadable
from .record import Append, Checkpoints, Ledger, Older, PastFact, Renewed, Suppressions
from .retention import Falling, OldLetters, Retained, Rows, Silent
from .rights import ChangedMeanwhile, Documents, Export, Exports, OutOfReach, Requests, StepTaken
from .sessions import Assigned, Commit, HandedOver, Sessions
from .templates import TemplateApi, TemplateNews, TemplateState, TemplateStates, TooManyTemplates

__all__ = [
    "Accepted",
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
    "Consenter",
    "DataHolder",
    "DeadLetter",
    "DeadLetters",
    "Documents",
    "Export",
    "Exports",
    "Falling",
    "HandedOver",
    "Held",
    "Host",
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
    "TemplateApi",
    "TemplateNews",
    "TemplateState",
    "TemplateStates",
    "Throttle",
    "TooManyTemplates",
    "Unreadable",
    "WebAnswer",
    "WebRequest",
    "Webhooks",
    "exported",
]

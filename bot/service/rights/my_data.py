"""The shape of all data of one person (GDPR Art. 15(1)), or what they may take elsewhere (Art. 20), and its JSON.

`gather` fills it. It is published as a JSON Schema, `bot/web/schemas/my-data-1.json`, which `schema()` makes from the
types here. An incompatible change needs a new `VERSION`.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec

VERSION = 1
"""Version of the shape."""

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class EarlierRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept of the person under another address, before it was known that they are one."""

    id: str
    since: Time
    language: str = ""
    last_contact: Time | None = None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who the data is about."""

    id: str
    since: Time
    """When the first message came."""
    language: str = ""
    phone: str | None = None
    """E.164, with +."""
    whatsapp_id: str | None = None
    """The business-scoped user id of WhatsApp."""
    last_contact: Time | None = None
    earlier_records: list[EarlierRecord] = []
    """Other records that turned out to be theirs."""


class ConsentNow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a consent stands now."""

    purpose: str
    title: str = ""
    status: str
    legal_basis: str = ""
    """On what messages may rest: `consent`; `soft_opt_in`, which is a sale and no consent; or nothing."""
    since: Time | None = None
    valid_until: Time | None = None
    paused: bool = False
    """Whether nothing is sent for it at the moment, although it was given: in doubt, or restricted (GDPR Art. 18)."""
    notice_version: str = ""
    notice_url: str = ""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger."""

    at: Time
    """By WhatsApp's clock."""
    recorded_at: Time
    """By our clock."""
    record: str = ""
    """Id of the record that the entry belongs to: the person's present or an earlier record."""
    kind: str
    purpose: str
    title: str = ""
    method: str = ""
    locale: str = ""
    wording: str = ""
    """The exact text that was shown."""
    answer: str = ""
    """As typed or tapped."""
    rule: str = ""
    """How the answer was understood."""
    question_accepted_at: Time | None = None
    """Of an answer: when WhatsApp accepted the question."""
    question_delivered_at: Time | None = None
    """Of an answer: when WhatsApp delivered the question."""
    question_seen: str = ""
    """Of an answer: how the question is known to have reached the person, e.g. `delivered`, `button`, `quote`."""
    legal_basis: str = ""
    valid_until: Time | None = None
    notice_version: str = ""
    notice_url: str = ""
    entry_hash: str = ""
    """SHA-256, hexadecimal, chained to the person's entry before."""


class RequestStep(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a request."""

    at: Time
    state: str
    reason: str = ""


class RequestMade(msgspec.Struct, frozen=True, kw_only=True):
    """A request about the data."""

    id: str
    right: str
    received_at: Time
    due: date
    """The last day on which it may be answered, where the controller is."""
    state: str
    steps: list[RequestStep] = []


KEPT_AFTER_ERASURE = "kept_after_an_erasure"
"""`InQueue.what` for what an erasure left."""


class InQueue(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a queue."""

    what: str
    """`from_you`, `to_you`, `reminder`, `handed_over`, `put_aside` or another word for the queue."""
    since: Time | None = None
    text: str = ""


class MessageSent(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the business sent, or wanted to send. What it said is not kept."""

    id: str
    at: Time
    purpose: str = ""
    """Empty for an answer."""
    withheld: str = ""
    """Why it was not sent; empty if it was."""


class RecordedLook(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the business looked at the data."""

    at: Time
    how: str
    """By which command or call."""
    why: str = ""
    """In the words of whoever looked; empty if it was not told."""


class DialogueNow(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person is in a dialogue."""

    language: str = ""
    flow: str = ""
    state: str = ""
    purpose: str = ""
    """What is being asked for."""
    details: dict[str, Any] = {}
    """What else is remembered about it."""


class Gathered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all data holders have about a person, put together."""

    person: Me
    consents: list[ConsentNow] = []
    history: list[Happened] = []
    requests: list[RequestMade] = []
    waiting: list[InQueue] = []
    looks: list[RecordedLook] = []
    messages: list[MessageSent] = []
    talk: DialogueNow | None = None


class Controller(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides what the data is used for."""

    name: str
    address: str
    email: str
    country: str
    data_protection_officer: str | None = None


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who else gets the data."""

    name: str
    role: str
    what: str
    country: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How long data is kept, in days."""

    unanswered_question_days: int
    proof_after_withdrawal_days: int
    suppression_days: int


class RightOf(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the person may ask for."""

    right: str
    law: str


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """Where to complain."""

    to: str
    law: str
    controller_country: str


class MyData(msgspec.Struct, frozen=True, kw_only=True):
    """All that a business has about one person, and what it does with it. Times are ISO 8601 in UTC."""

    version: int
    """Version of this shape."""
    made_at: Time
    controller: Controller
    person: Me
    consents: list[ConsentNow]
    history: list[Happened]
    requests: list[RequestMade]
    waiting: list[InQueue]
    looks: list[RecordedLook]
    talk: DialogueNow | None
    recipients: list[Recipient]
    storage: list[str]
    retention: Kept
    rights: list[RightOf]
    complaint: Complaint
    source: str
    automated_decisions: bool
    messages: list[MessageSent] = []


def as_json(data: MyData) -> bytes:
    """Return the data as the file that the person downloads."""
    return msgspec.json.format(msgspec.json.encode(_in_utc(data)), indent=2) + b"\n"


def from_json(written: bytes) -> MyData:
    """Undo `as_json`. Raises `msgspec.ValidationError`."""
    return msgspec.json.decode(written, type=MyData)


def schema(address: str = "") -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of that file; `address` is where it is published."""
    (root,), components = msgspec.json.schema_components([MyData], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **({"$id": address} if address else {}),
        "title": "My data",
        **root,
        "$defs": components,
    }


def _in_utc(value: Any) -> Any:
    """Convert every time to UTC, whatever offset a data holder wrote."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, list):
        return [_in_utc(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return {name: _in_utc(getattr(value, name)) for name in value.__struct_fields__}
    return value

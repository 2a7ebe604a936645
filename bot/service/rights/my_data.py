"""The shape of all data of one person (GDPR Art. 15(1)), or what they may take elsewhere (Art. 20), and its JSON.

`gather` fills it. It is published as a JSON Schema, `bot/web/schemas/my-data-1.json`, which `schema()` makes from the
types here. An incompatible change needs a new `VERSION`.
"""

import ast
import inspect
import sys
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Annotated, Any

import msgspec

VERSION = 1
"""Version of the shape."""

SCHEMA_PATH = f"/schemas/my-data-{VERSION}.json"
"""Where our pages publish the shape."""

SCHEMA_ID = f"urn:x-consentbot:my-data:{VERSION}"
"""What the shape is called, wherever it is published."""

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class EarlierRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept of the person under another address, before it was known that they are one."""

    id: str
    """Our identifier of that record."""
    since: Time
    """When the first message came from that address."""
    language: str = ""
    """Language code, e.g. `fr`."""
    last_contact: Time | None = None
    """When the last message came from that address."""


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who the data is about."""

    id: str
    """Our identifier of the person's record."""
    since: Time
    """When the first message came."""
    language: str = ""
    """Language code, e.g. `fr`."""
    phone: str | None = None
    """E.164, with +."""
    whatsapp_id: str | None = None
    """The business-scoped user id of WhatsApp."""
    last_contact: Time | None = None
    """When the last message came."""
    earlier_records: list[EarlierRecord] = []
    """Other records that turned out to be theirs."""


class ConsentNow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a consent stands now."""

    purpose: str
    """Identifier of the purpose."""
    title: str = ""
    """The purpose in the person's language."""
    description: str = ""
    """What it is for, in the person's language."""
    status: str
    """Where it stands: `requested`, `given`, `refused`, `withdrawn`, `expired`, `stale`, `none`, or `claimed` by a
    file of the company, which allows nothing.
    """
    legal_basis: str = ""
    """On what messages may rest: `consent`; `soft_opt_in`, which is a sale and no consent; or nothing."""
    since: Time | None = None
    """Since when it stands so."""
    valid_until: Time | None = None
    """Until when it holds."""
    paused: bool = False
    """Whether nothing is sent for it at the moment, although it was given: in doubt, or restricted (GDPR Art. 18)."""
    notice_version: str = ""
    """The version of the privacy notice under which it was given."""
    notice_url: str = ""
    """Address of that version."""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger."""

    at: Time
    """By WhatsApp's clock."""
    recorded_at: Time
    """By our clock."""
    record: str = ""
    """Id of the record that the entry belongs to: the person's present or an earlier record."""
    kind: str
    """What happened, e.g. `requested`, `given`, `withdrawn`."""
    purpose: str
    """Identifier of the purpose; `*` for all."""
    title: str = ""
    """The purpose in the person's language."""
    method: str = ""
    """How it came about, e.g. `chat`, `web_form`, `phone`."""
    locale: str = ""
    """Language code of what was shown."""
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
    """What messages rest on: `consent` or `soft_opt_in`, which is a sale."""
    valid_until: Time | None = None
    """Of a question, until when it can be answered; of a consent, until when it holds."""
    notice_version: str = ""
    """The version of the privacy notice that was shown."""
    notice_url: str = ""
    """Address of that version."""
    entry_hash: str = ""
    """SHA-256, hexadecimal, chained to the person's entry before."""


class RequestStep(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a request."""

    at: Time
    """When."""
    state: str
    """The state that began: `open`, `extended`, `done` or `refused`."""
    by: str = ""
    """Who took it: `person`, `company`, or `program`."""
    because: str = ""
    """Why, as one of the reasons that are told in the person's language, e.g. `identity`."""
    reason: str = ""
    """Why, in the company's words; of the first step, the person's own words; of the program, what became of an
    answer."""


class RequestMade(msgspec.Struct, frozen=True, kw_only=True):
    """A request about the data."""

    id: str
    """Our identifier of the request."""
    right: str
    """What was asked for: `access`, `rectification`, `erasure`, `restriction`, `portability` or `objection`."""
    received_at: Time
    """When the request came."""
    due: date
    """The last day on which it may be answered, where the controller is."""
    state: str
    """The state of the last step."""
    steps: list[RequestStep] = []
    """What happened to it, in order; what became of an answer follows the step that it tells of."""


KEPT_AFTER_ERASURE = "kept_after_an_erasure"
"""`InQueue.what` for what an erasure left."""


class InQueue(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a queue."""

    what: str
    """`from_you`, `to_you`, `reminder`, `handed_over`, `put_aside` or another word for the queue."""
    since: Time | None = None
    """Since when it is there, if that is known."""
    text: str = ""
    """What it says, if anything."""


class MessageSent(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the business sent, or wanted to send. What it said is not kept."""

    id: str
    """Our identifier of the message."""
    at: Time
    """When it was decided."""
    purpose: str = ""
    """Empty for an answer."""
    withheld: str = ""
    """Why it was not sent; empty if it was."""


class RecordedLook(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the business looked at the data."""

    at: Time
    """When."""
    how: str
    """By which command or call."""
    why: str = ""
    """In the words of whoever looked; empty if it was not told."""


class DialogueNow(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person is in a dialogue."""

    language: str = ""
    """Language code."""
    flow: str = ""
    """Name of the dialogue."""
    state: str = ""
    """Where in the dialogue."""
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
    """Name of the company."""
    address: str
    """Postal address."""
    email: str
    """E-mail address for questions about data."""
    country: str
    """Two letters, ISO 3166-1."""
    data_protection_officer: str | None = None
    """E-mail address of the data protection officer, if there is one."""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who else gets the data."""

    name: str
    """Name of the company."""
    role: str
    """`processor`, which acts for the controller, or `controller`."""
    what: str
    """What it does with the data."""
    country: str
    """Two letters, ISO 3166-1."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How long data is kept, in days."""

    unanswered_question_days: int
    """A question without an answer."""
    proof_after_withdrawal_days: int
    """The proof of a consent, after the person was erased."""
    suppression_days: int
    """That nobody may write to an address, after the person was erased."""


class RightOf(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the person may ask for."""

    right: str
    """Identifier of the right."""
    title: str = ""
    """The right in the person's language."""
    law: str
    """The article that gives it."""


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """Where to complain."""

    to: str
    """To whom."""
    law: str
    """The article that gives this right."""
    controller_country: str
    """Where the controller is; two letters, ISO 3166-1."""


class MyData(msgspec.Struct, frozen=True, kw_only=True):
    """All that a business has about one person, and what it does with it. Times are ISO 8601 in UTC."""

    schema: str = msgspec.field(default=SCHEMA_ID, name="$schema")
    """Where the JSON Schema of this file is published, or the name by which it is known."""
    version: int
    """Version of this shape."""
    language: str = ""
    """Code of the language in which titles and descriptions are written, e.g. `pt-BR`."""
    made_at: Time
    """When it was put together."""
    controller: Controller
    """Who decides what the data is used for."""
    person: Me
    """Who the data is about."""
    consents: list[ConsentNow]
    """Where each consent stands now."""
    history: list[Happened]
    """All questions and answers, the oldest first."""
    requests: list[RequestMade]
    """What the person asked for about their data."""
    waiting: list[InQueue]
    """What else is stored, e.g. messages that wait to be sent."""
    looks: list[RecordedLook]
    """When somebody of the company looked at the data."""
    talk: DialogueNow | None
    """Where the person is in a dialogue; null if in none."""
    recipients: list[Recipient]
    """Who else gets data."""
    storage: list[str]
    """Where data is stored, in the person's language."""
    retention: Kept
    """How long data is kept."""
    rights: list[RightOf]
    """What the person may ask for."""
    complaint: Complaint
    """Where to complain."""
    source: str
    """Where the data comes from, in the person's language."""
    automated_decisions: bool
    """Whether a computer alone decides about the person (GDPR Art. 22)."""
    messages: list[MessageSent] = []
    """Messages that the company wanted to send by its own programs."""
    time_zone: str = "UTC"
    """In which the document writes its times (IANA): the person's if their address tells one, else the controller's."""


def as_json(data: MyData) -> bytes:
    """Return the data as the file that the person downloads."""
    return msgspec.json.format(msgspec.json.encode(_in_utc(data)), indent=2) + b"\n"


def from_json(written: bytes) -> MyData:
    """Undo `as_json`. Raises `msgspec.ValidationError`."""
    return msgspec.json.decode(written, type=MyData)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of that file; what stands under a field here describes it there."""
    (root,), components = msgspec.json.schema_components([MyData], ref_template="#/$defs/{name}")
    for name, described in _descriptions().items():
        for field, description in described.items():
            if name in components:
                components[name]["properties"][field]["description"] = description
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "My data",
        **root,
        "$defs": components,
    }


def _descriptions() -> dict[str, dict[str, str]]:
    """Return class → field, as it is called in the file → the text under it in this module."""
    found: dict[str, dict[str, str]] = {}
    for shape in ast.parse(inspect.getsource(sys.modules[__name__])).body:
        if isinstance(shape, ast.ClassDef):
            struct = globals()[shape.name]
            encoded = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
            for field, text in pairwise(shape.body):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    match text:
                        case ast.Expr(value=ast.Constant(value=str(described))):
                            name = encoded[field.target.id]
                            found.setdefault(shape.name, {})[name] = " ".join(described.split())
    return found


def _in_utc(value: Any) -> Any:
    """Convert every time to UTC, whatever offset a data holder wrote."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, list):
        return [_in_utc(item) for item in value]
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return {encoded: _in_utc(getattr(value, name)) for encoded, name in names}
    return value

"""What is said to a person: a finished message in one language, before a channel shapes it."""

from typing import Literal

import msgspec

from .basis import AsksConsent, Basis
from .inbound import WHATSAPP

_QUESTION_MARKS = ("?", "؟", ";", "\u037e")  # the last two are Greek


class Button(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A reply button; `id` comes back in `Choice.id` when it is tapped."""

    id: str
    title: str


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row of a list message."""

    id: str
    title: str
    description: str = ""


class Link(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A button that opens a URL."""

    title: str
    url: str


class Document(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file shown in the chat: an uploaded media id or a public URL, never both."""

    filename: str
    media_id: str = ""
    url: str = ""


class Attachment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A picture, film or sound: an uploaded media id or a public URL, never both."""

    kind: Literal["image", "video", "audio"]
    media_id: str = ""
    url: str = ""


class Location(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place on the map, in degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Template(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message template approved by Meta: the only thing that may be sent outside the 24-hour window."""

    name: str
    language: str
    """Meta's code of the language, e.g. `pt_BR`."""
    body: dict[str, str] = {}
    """Named parameters of the body."""
    payloads: tuple[str, ...] = ()
    """What each quick-reply button sends back, by its index."""
    marketing: bool = False
    """Whether it is a marketing template: some channels send these in another way."""


class Reply(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One message. At most one of `buttons`, `rows`, `link`, `document`, `attachment`, `location` is set.

    With a `template`, everything else says what the template shows, for evidence.

    But beside a `template` its `header`, `body`, `footer` and `buttons` may say what it shows: that is for evidence,
    and not sent. Limits of each part are in `bot.i18n.texts.LIMITS`; a channel refuses what exceeds its own.
    """

    body: str = ""
    footer: str = ""
    header: str = ""
    buttons: tuple[Button, ...] = ()
    rows: tuple[Row, ...] = ()
    list_button: str = ""
    """The label that opens the list of `rows`."""
    link: Link | None = None
    document: Document | None = None
    template: Template | None = None
    text_id: str = ""
    """Which text of which flow this is, e.g. `opt_in.ask`; for tests and transcripts, never sent."""
    leads: tuple[str, ...] = ()
    """Texts with which the body begins, before that one; likewise."""
    purpose: str = ""
    """For a reply of the host's bot, the purpose that it serves, if not the host's usual purpose."""
    question: str = ""
    """For our own reply, the pending question that it asks."""
    attachment: Attachment | None = None
    location: Location | None = None

    @property
    def takes_text(self) -> bool:
        """Whether text can be shown with it."""
        return self.location is None and (self.attachment is None or self.attachment.kind != "audio")

    @property
    def asks(self) -> bool:
        """Whether it plainly waits for an answer: by something to tap, or by a question mark at its end."""
        return bool(self.buttons or self.rows) or self.body.rstrip().endswith(_QUESTION_MARKS)

    def wording(self) -> str:
        """Return everything the person can read in this message, in reading order, as kept in evidence."""
        parts = [self.header, self.body]
        parts += [f"[{button.title}]" for button in self.buttons]
        if self.rows:
            parts.append(f"[{self.list_button}]")
            parts += [f"- {row.title}" + (f": {row.description}" if row.description else "") for row in self.rows]
        if self.link:
            parts.append(f"[{self.link.title}] {self.link.url}")
        if self.location:
            parts += [self.location.name, self.location.address]
        parts.append(self.footer)
        return "\n".join(part for part in parts if part)


class Matter(msgspec.Struct, frozen=True, gc=False):
    """What depends on one of our messages, and ends or opens again if the message reaches nobody. At most one is set.

    As text it is stored under the channel's id of the message, and sent along to channels that give it back.
    """

    question: str = ""
    """The question that it asks."""
    request: str = ""
    """The request that it answers."""
    message: str = ""
    """The id under which the company follows what becomes of it."""

    def __bool__(self) -> bool:
        return bool(self.question or self.request or self.message)

    def __str__(self) -> str:
        kinds = ((kind, getattr(self, kind)) for kind in self.__struct_fields__)
        return next((f"{kind}.{id}" for kind, id in kinds if id), "")

    @classmethod
    def read(cls, text: str) -> "Matter":
        """Undo `str`; any other text means that nothing depends on the message."""
        kind, _, id = text.partition(".")
        if kind not in cls.__struct_fields__:
            return cls()
        return cls(**{kind: id})


class Outbound(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A reply on its way to one person: what the outbox holds."""

    id: str
    """Ours; it says nothing about the person."""
    person: str
    phone: str | None
    bsuid: str | None
    reply: Reply
    basis: Basis
    """Why it may be sent. There is no default: a message without a basis can be neither made nor read."""
    window_ends: int = 0
    """End of the 24 hours after the person's message, unix seconds; later only templates may be sent."""
    ledger_seq: int = -1
    """The person's last ledger entry when the gate let the basis pass; -1: it was not asked."""
    notice: str = ""
    """The version of the privacy notice in force then; set only if consent is needed."""
    attempt: int = 0
    alone: int = 0
    """How often it was refused as if nothing could be sent, while messages to others were sent."""
    refused_at: float = 0.0
    """When it was last refused as if nothing could be sent, unix seconds."""
    held: bool = False
    """Whether somebody else holds the chat, such as Meta's agent: it is taken for this message, then given back."""
    postponed_at: float = 0.0
    """When it was first put back because of quiet hours or a cap, unix seconds."""
    request: str = ""
    """The request that it answers, which opens again if the message reaches nobody."""
    channel: str = WHATSAPP
    """The name of the channel that sends it."""
    message: str = ""
    """The id under which the company follows it; empty for our own messages."""
    doubtful: bool = False
    """Whether a worker died over it, perhaps after sending it: a status of the channel would tell."""

    @property
    def matter(self) -> Matter:
        """What depends on it."""
        question = self.basis.question if isinstance(self.basis, AsksConsent) else ""
        return Matter(question, self.request, self.message)

    @property
    def reference(self) -> str:
        """What channels send back with each status, if they can: Redis may have lost what depends on a message."""
        return f"{self.id}/{matter}" if (matter := self.matter) else self.id

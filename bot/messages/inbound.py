"""What a person sent: the shape into which every channel translates its messages.

Only what a dialogue may use is kept (GDPR Art. 5(1)(c)): no profile name, no media, no location, no contact
cards, no advertising ids. The structs are frozen `msgspec` structs because they are also the inbox's wire format.
"""

from typing import Literal, NewType

import msgspec

from ..consent.evidence import Clock, Fact, Method

WHATSAPP = "whatsapp"
"""The default channel, which is left out of stored values."""

MessageId = NewType("MessageId", str)
"""WhatsApp's id of a message (`wamid.…`). It encodes the phone number: never log it, never put it in a key."""


class Sender(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person's addresses as carried by a message; either may be missing, but not both.

    `phone` is `+E.164` with the plus; `bsuid` is Meta's business-scoped user id, e.g. `DE.1349…`.
    """

    phone: str | None = None
    bsuid: str | None = None

    @property
    def addresses(self) -> list[str]:
        """The known addresses, the BSUID first: a phone number may get a new owner, a BSUID does not."""
        return [address for address in (self.bsuid, self.phone) if address]

    @property
    def firmest(self) -> "Sender":
        """The most stable address: our own events must not bring back a number that was given up."""
        return Sender(None, self.bsuid) if self.bsuid else self


class Text(msgspec.Struct, frozen=True, tag="text", gc=False):
    """A typed text."""

    body: str


class Choice(msgspec.Struct, frozen=True, tag="choice", gc=False):
    """A tapped button, list row or template quick reply. `id` is what we gave it when we sent it."""

    id: str
    title: str = ""


class Reaction(msgspec.Struct, frozen=True, tag="reaction", gc=False):
    """An emoji set on one of our messages or, with None, removed from it. Never an answer."""

    emoji: str | None = None


class Media(msgspec.Struct, frozen=True, tag="media", gc=False):
    """A picture, film, sound, sticker or document; only its caption is read, and only for a withdrawal."""

    kind: Literal["image", "video", "audio", "voice", "document", "sticker"]
    caption: str = ""


class Correction(msgspec.Struct, frozen=True, tag="correction", omit_defaults=True, gc=False):
    """The person changed or deleted one of their earlier messages. Meta: coexistence numbers only."""

    kind: Literal["edit", "revoke"]
    original: MessageId = MessageId("")
    """The id of that message; empty when WhatsApp does not tell."""
    text: str = ""
    """What it says now; empty when it was deleted."""
    led_to: tuple[Fact, ...] = ()
    """What the message had led to, according to the ledger; looked up when the correction is answered."""


class Other(msgspec.Struct, frozen=True, tag="other", gc=False):
    """Content that no dialogue reads: location, contacts, order, unsupported, a new type.

    `text` is the note of an order, read only for a withdrawal.
    """

    kind: str
    text: str = ""


class AddressChanged(msgspec.Struct, frozen=True, tag="address_changed", gc=False):
    """WhatsApp says that a person's number or BSUID changed to that in `Inbound.sender`.

    Source: Meta, webhooks/reference/messages/system, Aug 2026.
    """

    previous: Sender


class Preference(msgspec.Struct, frozen=True, tag="preference", gc=False):
    """The person used WhatsApp's own switch for marketing messages (field `user_preferences`)."""

    value: Literal["stop", "resume"]


class StaffMessage(msgspec.Struct, frozen=True, tag="staff_message", gc=False):
    """Staff of the business wrote to the person from their own phone. What they wrote is not kept.

    Source: Meta, webhooks/reference/smb_message_echoes (numbers in coexistence with the WhatsApp Business app).
    """


class QuestionStatus(msgspec.Struct, frozen=True, tag="question_status", omit_defaults=True, gc=False):
    """What became of one of our messages that asks for consent."""

    question: str
    """Empty if the channel names only the message, which then leads to its question."""
    status: Literal["accepted", "sent", "delivered", "failed", "unsent"]
    """`accepted`: the channel took it; `failed`: it took it, but could not deliver it; `unsent`: it never left us."""
    message: str = ""
    """The token of the message's id, as in `Inbound.quoted`; empty when it never left."""
    code: str = ""
    """The channel's error code when `status` is `failed`."""


class Lapse(msgspec.Struct, frozen=True, tag="lapse", gc=False):
    """Our own timer: the pending question has waited long enough."""

    question: str


class HostAnswered(msgspec.Struct, frozen=True, tag="host_answered", gc=False):
    """The host's bot answered somebody who was never asked for consent, and its answer asks them nothing."""

    message: MessageId
    """The message that it answered."""


class QuestionTemplate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The approved template in which a question may be asked outside the 24-hour window."""

    name: str
    language: str
    """Meta's code of the language, e.g. `pt_BR`."""
    locale: str
    """Ours for the same: in it the whole question is asked, whatever the person speaks otherwise."""
    parameters: tuple[str, ...]
    """The placeholders that its body names."""
    marketing: bool = False
    """Whether the channel counts it as marketing."""


class Invitation(msgspec.Struct, frozen=True, tag="invitation", omit_defaults=True, gc=False):
    """The company passes on an opt-in from elsewhere: the person is to be asked to confirm it here.

    It is the first leg of a double opt-in, and no consent by itself (GDPR Art. 7(1)).
    """

    purposes: tuple[str, ...]
    method: Method
    """Where the person opted in."""
    reference: str = ""
    """What proves that, in the company's words, e.g. the id of a form's submission. Personal; never to be logged."""
    locale: str = ""
    """The language to ask in; empty if nothing tells it."""
    template: QuestionTemplate | None = None
    """Without it the question reaches the person only within 24 hours of their last message."""


Content = (
    Text
    | Choice
    | Reaction
    | Media
    | Correction
    | Other
    | AddressChanged
    | Preference
    | StaffMessage
    | QuestionStatus
    | Lapse
    | HostAnswered
    | Invitation
)

Overheard = Literal["", "group", "standby", "history", "field"]
"""Where a message was overheard that was not written to us alone: in a group, in a chat held by Meta's agent, in the
history that a newly connected number brings along, or in a webhook field or message shape that this version does not
know. Empty for an ordinary message."""


class Inbound(msgspec.Struct, frozen=True, tag="inbound", omit_defaults=True, gc=False):
    """A message or event from (or about) a person."""

    id: MessageId
    sender: Sender
    at: int
    """When it was written, unix seconds, by `clock`. It survives webhook retries, so windows and consent use this.

    A channel without a readable time gives 0; then the arrival counts (`bot.service.incoming.receive`)."""
    content: Content
    received_at: float = 0.0
    """Our time, unix seconds."""
    quoted: str | None = None
    """The id of our message that this message replies to, if known; in dialogues, the token of that id."""
    forwarded: bool = False
    """Whether it is a forwarded message."""
    person: str = ""
    """The person it is about, if it is our own event."""
    awaits: str = ""
    """The question that a postponed message may answer once it is known whether the question has reached the person."""
    postponed: int = 0
    """How often it was postponed."""
    clock: Clock = Clock.WHATSAPP
    """The clock that `at` comes from."""
    stamp: int = 0
    """WhatsApp's time if it is after the arrival, unix seconds: useless as a time, but it may tell the order."""
    overheard: Overheard = ""
    """Unless empty, only a withdrawal or doubt in it counts, and only a withdrawal is answered."""
    channel: str = WHATSAPP
    """The name of the channel that it came from, and through which it is answered."""


class Delivery(msgspec.Struct, frozen=True, tag="delivery", omit_defaults=True, gc=False):
    """What became of a message that we sent (a status webhook)."""

    id: MessageId
    status: Literal["sent", "delivered", "read", "played", "failed"]
    at: int
    recipient: Sender = Sender()
    code: str | None = None
    """The channel's error code when `status` is `failed`, a number or a word."""
    reference: str | None = None
    """Our own `Outbound.reference`, from a channel that gives it back (Meta: `biz_opaque_callback_data`)."""
    clock: Clock = Clock.WHATSAPP
    """The clock that `at` comes from."""
    channel: str = WHATSAPP
    """The name of the channel that reports it."""


Event = Inbound | Delivery
"""An entry of the inbox."""

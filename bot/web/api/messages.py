"""Messages that the company sends: `/messages`."""

from collections.abc import Sequence
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from ...messages import host_ids
from ...messages.basis import Answer as AnswerBasis
from ...messages.basis import ForPurpose
from ...messages.reply import Attachment, Button, Document, Link, Location, Reply, Row
from ...service.company.contacts import Address as To
from ...service.company.messages import Followed, Message, Step, TemplateWanted
from ...service.ports import Decision, PersonId, Scope
from ...service.sending.reasons import Reason
from ...service.sending.templates import BadValues
from ...times import iso
from .addresses import sender_of
from .models import Address, AnyLocale, Label, Line, PurposeId, Text
from .operation import Answer, AnyOperation, Api, Body, Call, Nothing, Operation, Shown
from .problems import Problem, Refused, invalid

MOST_CHECKED = 1000
"""Addresses of one call of `/messages/check`."""


class ButtonSent(Body):
    """A button under a text."""

    id: Label = Field(max_length=200, description="comes back when it is tapped", examples=["track"])
    title: Label = Field(max_length=20, examples=["Track it"])


class RowSent(Body):
    """A row of a list."""

    id: Label = Field(max_length=190, description="comes back when it is tapped")
    title: Label = Field(max_length=24)
    description: Line = Field(default="", max_length=72)


class ListSent(Body):
    """A list to choose from."""

    button: Label = Field(max_length=20, description="opens the list", examples=["Choose"])
    rows: list[RowSent] = Field(min_length=1, max_length=10)


class LinkSent(Body):
    """A button that opens a page."""

    title: Label = Field(max_length=20)
    url: str = Field(pattern=r"^https?://[^\x00-\x20\x7f]+$", max_length=2000)


class MediaSent(Body):
    """A file: the id of an uploaded one, or its address."""

    id: Line = Field(default="", max_length=200)
    url: Line = Field(default="", max_length=2000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.id) == bool(self.url):
            raise ValueError("neither or both of id and url; send one of them")
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError("url: not a web address; begin it with https://")
        return self


class DocumentSent(MediaSent):
    """A document."""

    filename: Label = Field(max_length=240, examples=["invoice.pdf"])


class LocationSent(Body):
    """A place on the map."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: Line = Field(default="", max_length=1000)
    address: Line = Field(default="", max_length=1000)


class TemplateSent(Body):
    """A template of `[[templates]]` in business.toml."""

    name: Label = Field(max_length=60, description="its id", examples=["order_shipped"])
    locale: AnyLocale | None = Field(default=None, description="by default the person's language")
    values: dict[str, Line] = Field(default={}, max_length=50, description="for its placeholders")


_CONTENTS = ("template", "buttons", "list", "link", "image", "video", "audio", "document", "location")
"""Beside at most one of these there may be a text."""


class MessageSent(Body):
    """A message, whom it goes to, and why."""

    to: Address | None = None
    person: UUID | None = Field(default=None, strict=False, description="instead of `to`: our reference to the person")
    purpose: PurposeId | None = Field(
        default=None, description="the purpose that it serves, which needs its legal basis"
    )
    answer_to: Line | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="instead of `purpose`: the person's last message that no dialogue claimed, at most a day old",
    )
    text: Text = Field(default="", max_length=3900, description="with anything but a template; a caption under files")
    header: Line = Field(default="", max_length=60)
    footer: Line = Field(default="", max_length=60)
    buttons: list[ButtonSent] | None = Field(default=None, min_length=1, max_length=3)
    list: ListSent | None = None
    link: LinkSent | None = None
    image: MediaSent | None = None
    video: MediaSent | None = None
    audio: MediaSent | None = None
    document: DocumentSent | None = None
    location: LocationSent | None = None
    template: TemplateSent | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.to is None) == (self.person is None):
            raise ValueError("neither or both of to and person; send one of them")
        if (self.purpose is None) == (self.answer_to is None):
            raise ValueError("neither or both of purpose and answer_to; send one of them")
        contents = [name for name in _CONTENTS if getattr(self, name) is not None]
        if len(contents) > 1:
            raise ValueError(f"{contents[0]} and {contents[1]}; send one of them")
        if not self.text and (not contents or contents[0] in ("buttons", "list", "link")):
            raise ValueError("text: empty; fill it in")
        written = self.text or self.header or self.footer
        if written and contents and contents[0] in ("template", "location", "audio"):
            raise ValueError(f"text: none can be shown with {contents[0]}; leave it out")
        if len(self.text) > 900 and contents:  # a way out of our own may follow
            raise ValueError(f"text: longer than 900 characters with {contents[0]}; shorten it")
        options = [option.title for option in self.buttons or (self.list.rows if self.list else ())]
        ids = [option.id for option in self.buttons or (self.list.rows if self.list else ())]
        if len({*options}) < len(options) or len({*ids}) < len(ids):
            raise ValueError("two options have the same title or id; WhatsApp takes none alike")
        return self


class MessageShown(Shown):
    """The message is queued, and judged again right before it leaves."""

    id: str
    person: str
    status: Literal["queued"]


class StepShown(Shown):
    """What became of a message."""

    status: Literal["queued", "sent", "delivered", "read", "failed", "refused"]
    at: str = Field(description="UTC, ISO 8601")
    reason: str | None = Field(default=None, description="of a refusal")
    code: str | None = Field(default=None, description="of a failure: the channel's code")


class HistoryShown(Shown):
    """A message and what became of it."""

    id: str
    person: str | None
    purpose: str | None = Field(description="none for an answer")
    status: Literal["queued", "sent", "delivered", "read", "failed", "refused"]
    history: list[StepShown]


class CheckSent(Body):
    """Whom the company would like to write to."""

    purpose: PurposeId
    to: list[Address] = Field(min_length=1, max_length=MOST_CHECKED)


class CheckedShown(Shown):
    """Whether something may be sent to an address."""

    to: str
    send: bool
    reason: str | None = None
    retry_at: str | None = Field(default=None, description="from when on it may be, as far as that is known")


class ResultsShown(Shown):
    """What the gate says, in the order of the addresses."""

    results: list[CheckedShown]


async def _send(api: Api, call: Call[MessageSent]) -> Answer:
    sent = call.sent
    to: To = sender_of(api, sent.to, "to") if sent.to is not None else PersonId(str(sent.person))
    basis = ForPurpose(sent.purpose) if sent.purpose is not None else AnswerBasis()
    wanted = Message(
        id=call.id,
        to=to,
        basis=basis,
        content=_content(sent),
        answers=sent.answer_to or "",
        caller=call.token.operator,
    )
    try:
        decision = await api.messages.send(wanted)
    except BadValues as error:
        raise invalid(
            "template", str(error), "see [[templates]] in business.toml for purpose and placeholders"
        ) from None
    if decision.reason:
        raise _not_sent(decision)
    return Answer(MessageShown(id=decision.id, person=decision.person or "", status="queued"), 202)


def _not_sent(decision: Decision) -> Refused:
    reason = Reason(decision.reason)
    more: dict[str, Any] = {"retry_at": iso(decision.retry_at)} if decision.retry_at is not None else {}
    return Refused(Problem.NOT_SENT, reason.sentence, cure=reason.cure, reason=reason, message=decision.id, **more)


def _content(sent: MessageSent) -> Reply | TemplateWanted:
    if sent.template is not None:
        return TemplateWanted(sent.template.name, sent.template.locale or "", sent.template.values)
    document, location = sent.document, sent.location
    reply = Reply(
        body=sent.text,
        header=sent.header,
        footer=sent.footer,
        buttons=tuple(Button(button.id, button.title) for button in sent.buttons or ()),
        rows=tuple(Row(row.id, row.title, row.description) for row in sent.list.rows) if sent.list else (),
        list_button=sent.list.button if sent.list else "",
        link=Link(sent.link.title, sent.link.url) if sent.link else None,
        document=Document(document.filename, document.id, document.url) if document else None,
        attachment=_attachment(sent),
        location=Location(location.latitude, location.longitude, location.name, location.address) if location else None,
    )
    return host_ids.outgoing(reply)


def _attachment(sent: MessageSent) -> Attachment | None:
    if sent.image:
        return Attachment("image", sent.image.id, sent.image.url)
    if sent.video:
        return Attachment("video", sent.video.id, sent.video.url)
    return Attachment("audio", sent.audio.id, sent.audio.url) if sent.audio else None


async def _show(api: Api, call: Call[Nothing]) -> Answer:
    try:
        followed = await api.messages.follow(str(UUID(call.path["id"])))
    except ValueError:
        followed = None
    if followed is None:
        raise Refused(Problem.MESSAGE_UNKNOWN)
    return Answer(_history(followed))


def _history(followed: Followed) -> HistoryShown:
    decision = followed.decision
    steps = [StepShown(status="queued", at=iso(decision.at))] if not decision.reason else []
    steps += [_shown(step) for step in followed.steps]
    return HistoryShown(
        id=decision.id,
        person=decision.person,
        purpose=decision.purpose or None,
        status=followed.status,
        history=steps,
    )


def _shown(step: Step) -> StepShown:
    refused = step.became == "refused"
    return StepShown(
        status=step.became,
        at=iso(step.at),
        reason=step.detail if refused else None,
        code=step.detail if step.became == "failed" else None,
    )


async def _check(api: Api, call: Call[CheckSent]) -> Answer:
    senders = [sender_of(api, address, f"to.{number}") for number, address in enumerate(call.sent.to)]
    verdicts = await api.messages.check(senders, call.sent.purpose, call.look)
    results = [
        CheckedShown(
            to=address,
            send=refuse is None,
            reason=refuse.reason if refuse else None,
            retry_at=iso(refuse.retry_at) if refuse and refuse.retry_at is not None else None,
        )
        for address, refuse in zip(call.sent.to, verdicts, strict=True)
    ]
    return Answer(ResultsShown(results=results))


OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="sendMessage",
        method="POST",
        path="/messages",
        scope=Scope.SEND,
        tag="Messages",
        summary="Send a message, if the gate lets it pass",
        description=(
            "With `purpose`, the person's legal basis for it decides; with `answer_to`, the 24 hours after their "
            "message. Outside those 24 hours only a template reaches anybody. A message that is queued is judged "
            "again right before it leaves."
        ),
        sent=MessageSent,
        answers={202: MessageShown},
        problems=[Problem.NOT_SENT, Problem.KEY_REUSED],
        handle=_send,
        idempotent=True,
    ),
    Operation(
        id="getMessage",
        method="GET",
        path="/messages/{id}",
        scope=Scope.SEND,
        tag="Messages",
        summary="Tell what became of a message",
        sent=Nothing,
        answers={200: HistoryShown},
        problems=[Problem.MESSAGE_UNKNOWN],
        handle=_show,
    ),
    Operation(
        id="checkMessages",
        method="POST",
        path="/messages/check",
        scope=Scope.SEND,
        tag="Messages",
        summary="Ask the gate whom a template for a purpose may be sent to",
        description=f"Up to {MOST_CHECKED} addresses; nothing is sent. Each look at a person is recorded.",
        sent=CheckSent,
        answers={200: ResultsShown},
        handle=_check,
        about_person=True,
    ),
]

"""The requests that Graph accepts: their exact shapes and limits. Written independently of the sender, to find its
mistakes."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ...i18n.texts import length
from ..whatsapp import limits
from .refusal import Refusal


class Shape(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An object with only the documented fields."""


class Body(Shape, frozen=True):
    """A text of an interactive message."""

    text: str


class Header(Shape, frozen=True):
    """A header that is a text."""

    type: Literal["text"]
    text: str


class IdTitle(Shape, frozen=True):
    """What a button says and sends back."""

    id: str
    title: str


class Button(Shape, frozen=True):
    """A reply button."""

    type: Literal["reply"]
    reply: IdTitle


class ButtonAction(Shape, frozen=True):
    """The buttons under a message."""

    buttons: list[Button]


class Row(Shape, frozen=True):
    """A row of a list."""

    id: str
    title: str
    description: str | None = None


class Section(Shape, frozen=True):
    """Some rows of a list."""

    rows: list[Row]
    title: str | None = None


class ListAction(Shape, frozen=True):
    """The list behind a message's button."""

    button: str
    sections: list[Section]


class LinkParameters(Shape, frozen=True):
    """What a link's button says and opens."""

    display_text: str
    url: str


class LinkAction(Shape, frozen=True):
    """The link under a message."""

    name: Literal["cta_url"]
    parameters: LinkParameters


class Buttons(Shape, frozen=True, tag_field="type", tag="button"):
    """A message with reply buttons."""

    body: Body
    action: ButtonAction
    header: Header | None = None
    footer: Body | None = None


class Listing(Shape, frozen=True, tag_field="type", tag="list"):
    """A message with a list."""

    body: Body
    action: ListAction
    header: Header | None = None
    footer: Body | None = None


class Linked(Shape, frozen=True, tag_field="type", tag="cta_url"):
    """A message with a link."""

    body: Body
    action: LinkAction
    header: Header | None = None
    footer: Body | None = None


Interactive = Buttons | Listing | Linked


class Text(Shape, frozen=True):
    """A text."""

    body: str
    preview_url: bool = False


class MediaFile(Shape, frozen=True):
    """A picture, film or sound."""

    id: str | None = None
    link: str | None = None
    caption: str | None = None


class Document(MediaFile, frozen=True):
    """A file."""

    filename: str | None = None


class Location(Shape, frozen=True):
    """A place on the map."""

    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


class Language(Shape, frozen=True):
    """The language of a template."""

    code: str


class TextParameter(Shape, frozen=True, tag_field="type", tag="text"):
    """A value for a placeholder."""

    text: str
    parameter_name: str | None = None


class PayloadParameter(Shape, frozen=True, tag_field="type", tag="payload"):
    """What a quick reply sends back."""

    payload: str


class BodyValues(Shape, frozen=True, tag_field="type", tag="body"):
    """The values of a template's body."""

    parameters: list[TextParameter]


class QuickReply(Shape, frozen=True, tag_field="type", tag="button"):
    """The payload of a template's button."""

    sub_type: Literal["quick_reply"]
    index: str
    parameters: list[PayloadParameter]


class Template(Shape, frozen=True):
    """A template."""

    name: str
    language: Language
    components: list[BodyValues | QuickReply] = []


class Context(Shape, frozen=True):
    """The message that is answered."""

    message_id: str


class Message(Shape, frozen=True, kw_only=True):
    """A request that sends something."""

    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"] = "individual"
    to: str | None = None
    recipient: str | None = None
    type: Literal["text", "interactive", "document", "image", "video", "audio", "location", "template"]
    text: Text | None = None
    interactive: Interactive | None = None
    document: Document | None = None
    image: MediaFile | None = None
    video: MediaFile | None = None
    audio: MediaFile | None = None
    location: Location | None = None
    template: Template | None = None
    context: Context | None = None
    biz_opaque_callback_data: str | None = None


class Typing(Shape, frozen=True):
    """The typing indicator."""

    type: Literal["text"]


class Read(Shape, frozen=True):
    """A request that marks a message as read."""

    messaging_product: Literal["whatsapp"]
    status: Literal["read"]
    message_id: str
    typing_indicator: Typing | None = None


def checked(raw: object) -> Message | Read:
    """Return a request body as its shape. Raises `Refusal` where Graph would refuse it."""
    if type(raw) is not dict:
        raise Refusal(100, "The body must be a JSON object")
    if "messaging_product" not in raw:
        raise Refusal(100, "The parameter messaging_product is required.")
    try:
        if "status" in raw:
            return msgspec.convert(raw, Read)
        message = msgspec.convert(raw, Message)
    except msgspec.ValidationError as error:
        raise Refusal(_code(str(error)), str(error)) from None
    for problem in _problems(message):
        raise Refusal(131009, problem)
    return message


def _code(problem: str) -> int:
    if "unknown field" in problem:
        return 100
    if problem.endswith("`$.type`"):
        return 131051
    return 131008 if "missing required field" in problem else 131009


_CONTENTS = ("text", "interactive", "document", "image", "video", "audio", "location", "template")


def _problems(message: Message) -> Iterator[str]:
    given = {name for name in _CONTENTS if getattr(message, name) is not None}
    if given != {message.type}:
        yield f"type is {message.type}, objects given: {', '.join(sorted(given)) or 'none'}"
    yield from _recipient_problems(message)
    if message.biz_opaque_callback_data is not None:
        yield from _long("biz_opaque_callback_data", message.biz_opaque_callback_data, limits.REFERENCE)
    if message.text is not None:
        yield from _text("text.body", message.text.body, limits.TEXT_BODY)
    if message.interactive is not None:
        yield from _interactive_problems(message.interactive)
    if message.document is not None:
        yield from _document_problems(message.document)
    for media in (message.image, message.video, message.audio):
        if media is not None:
            yield from _media_problems(media)
    if message.audio is not None and message.audio.caption is not None:
        yield "caption: not for audio"
    if message.location is not None and not (
        -90 <= message.location.latitude <= 90 and -180 <= message.location.longitude <= 180
    ):
        yield "location: out of range"
    if message.template is not None:
        yield from _template_problems(message.template)


def _recipient_problems(message: Message) -> Iterator[str]:
    """`to` wins; a number without the plus would go to a stranger in the business's own country."""
    if message.to is not None:
        if not limits.phone(message.to):
            yield "to: a phone number needs its + and country code"
    elif message.recipient is None:
        yield "to or recipient is required"
    elif not (limits.bsuid(message.recipient) or limits.parent_bsuid(message.recipient)):
        yield "recipient: not a user id"


def _interactive_problems(message: Interactive) -> Iterator[str]:
    yield from _text("body", message.body.text, limits.INTERACTIVE_BODY)
    if message.header is not None:
        yield from _text("header", message.header.text, limits.HEADER)
    if message.footer is not None:
        yield from _text("footer", message.footer.text, limits.FOOTER)
    match message:
        case Buttons(action=ButtonAction(buttons)):
            yield from _button_problems([button.reply for button in buttons])
        case Listing(action=action):
            yield from _list_problems(action)
        case Linked(action=LinkAction(parameters=parameters)):
            yield from _text("display_text", parameters.display_text, limits.LINK_TITLE)
            yield from _url("url", parameters.url)


def _button_problems(buttons: list[IdTitle]) -> Iterator[str]:
    if not 1 <= len(buttons) <= limits.BUTTONS:
        yield f"{len(buttons)} buttons"
    yield from _twice("button title", (button.title for button in buttons))
    yield from _twice("button id", (button.id for button in buttons))
    for button in buttons:
        yield from _text("button title", button.title, limits.BUTTON_TITLE)
        yield from _text("button id", button.id, limits.BUTTON_ID)
        if button.id.strip() != button.id:
            yield "button id: blank at an end"


def _list_problems(action: ListAction) -> Iterator[str]:
    yield from _text("list button", action.button, limits.LIST_BUTTON)
    if not 1 <= len(action.sections) <= limits.SECTIONS:
        yield f"{len(action.sections)} sections"
    for section in action.sections:
        if section.title is not None:
            yield from _text("section title", section.title, limits.SECTION_TITLE)
        elif len(action.sections) > 1:
            yield "section title is required with several sections"
    rows = [row for section in action.sections for row in section.rows]
    if not 1 <= len(rows) <= limits.ROWS:
        yield f"{len(rows)} rows"
    yield from _twice("row id", (row.id for row in rows))
    for row in rows:
        yield from _text("row id", row.id, limits.ROW_ID)
        yield from _text("row title", row.title, limits.ROW_TITLE)
        if row.description is not None:
            yield from _text("row description", row.description, limits.ROW_DESCRIPTION)


def _media_problems(media: MediaFile) -> Iterator[str]:
    if (media.id is None) == (media.link is None):
        yield "file: either id or link"
    if media.link is not None:
        yield from _url("link", media.link)
    if media.caption is not None:
        yield from _long("caption", media.caption, limits.CAPTION)


def _document_problems(document: Document) -> Iterator[str]:
    yield from _media_problems(document)
    if document.filename is not None and document.filename.split(".")[-1].lower() not in limits.DOCUMENT_TYPES:
        yield "filename: type not supported"


def _template_problems(template: Template) -> Iterator[str]:
    yield from _text("template name", template.name, limits.TEMPLATE_NAME)
    if not limits.template_name(template.name):
        yield "template name: only a-z, 0-9 and _"
    if not limits.template_language(template.language.code):
        yield "template language: unknown code"
    texts = [part for part in template.components if isinstance(part, BodyValues)]
    replies = [part for part in template.components if isinstance(part, QuickReply)]
    if len(texts) > 1 or len(replies) > limits.TEMPLATE_QUICK_REPLIES:
        yield "too many components"
    yield from _twice("index", (reply.index for reply in replies))
    for parameter in (parameter for part in texts for parameter in part.parameters):
        yield from _text("parameter", parameter.text, limits.TEMPLATE_BODY)
        if any(gap in parameter.text for gap in ("\n", "\t", "     ")):
            yield "parameter: new-line, tab, or more than four consecutive spaces"
    for reply in replies:
        if not reply.index.isdecimal() or len(reply.parameters) != 1:
            yield "a quick reply has an index and one payload"
        for payload in reply.parameters:
            yield from _text("payload", payload.payload, limits.TEMPLATE_PAYLOAD)


def _text(name: str, text: str, most: int) -> Iterator[str]:
    if not text.strip():
        yield f"{name} is empty"
    yield from _long(name, text, most)


def _long(name: str, text: str, most: int) -> Iterator[str]:
    if length(text) > most:
        yield f"{name} has {length(text)} characters, {most} are allowed"


def _twice(name: str, values: Iterable[str]) -> Iterator[str]:
    seen = list(values)
    if len(seen) != len(set(seen)):
        yield f"{name} is not unique"


def _url(name: str, url: str) -> Iterator[str]:
    yield from _long(name, url, limits.URL)
    host = url.partition("://")[2].partition("/")[0]
    if not url.startswith(("http://", "https://")) or not host or url.split() != [url]:
        yield f"{name} is not an http(s) URL"

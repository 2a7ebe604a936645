"""What the bot sent, as seen by the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...messages.reply import Button, Link, Row
from .shapes import Buttons, Interactive, Linked, Listing, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An accepted message."""

    id: str
    recipient: str
    """`+E.164` or a BSUID."""
    type: str
    text: str = ""
    """The body of a text, an interactive message or a template, the caption of a document."""
    header: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    """Also the quick replies of a template; their ids are the payloads."""
    rows: tuple[Row, ...] = ()
    list_button: str = ""
    link: Link | None = None
    document: str = ""
    """The name of the file."""
    file: bytes = field(default=b"", repr=False)
    """Its content, if it was uploaded."""
    media: str = ""
    """The address or id of a picture, film or sound."""
    template: str = ""
    """The name of the template."""
    language: str = ""
    """The language of the template."""
    marketing: bool = False
    """Whether it came by the Marketing Messages API."""
    reference: str = ""
    """The sender's own id of the message."""
    at: float = 0.0
    raw: dict[str, Any] = field(default_factory=dict)
    """The request's body."""

    @property
    def shown(self) -> str:
        """Everything above the buttons, in reading order."""
        return "\n\n".join(part for part in (self.header, self.text, self.footer) if part)

    @property
    def choices(self) -> tuple[Button | Row, ...]:
        """What can be tapped and is answered by a webhook."""
        return self.buttons or self.rows


def sent(message: Message, raw: dict[str, Any], *, shown: Mapping[str, Any], **more: Any) -> Sent:
    """Return an accepted message as the person sees it; `shown` is what a template says."""
    parts: dict[str, Any] = {}
    if message.text:
        parts = {"text": message.text.body}
    elif message.interactive:
        parts = _interactive(message.interactive)
    elif message.document:
        parts = {"text": message.document.caption or "", "document": message.document.filename or ""}
    elif media := message.image or message.video or message.audio:
        parts = {"text": media.caption or "", "media": media.link or media.id or ""}
    elif message.location:
        parts = {"text": "\n".join(filter(None, (message.location.name, message.location.address)))}
    elif message.template:
        parts = {**shown, "template": message.template.name, "language": message.template.language.code}
    return Sent(
        recipient=message.to or message.recipient or "",
        type=message.type,
        reference=message.biz_opaque_callback_data or "",
        raw=raw,
        **parts,
        **more,
    )


def _interactive(message: Interactive) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "text": message.body.text,
        "header": message.header.text if message.header else "",
        "footer": message.footer.text if message.footer else "",
    }
    match message:
        case Buttons():
            parts["buttons"] = tuple(Button(button.reply.id, button.reply.title) for button in message.action.buttons)
        case Listing():
            rows = (row for section in message.action.sections for row in section.rows)
            parts["rows"] = tuple(Row(row.id, row.title, row.description or "") for row in rows)
            parts["list_button"] = message.action.button
        case Linked():
            parameters = message.action.parameters
            parts["link"] = Link(parameters.display_text, parameters.url)
    return parts

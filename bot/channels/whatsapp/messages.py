"""Turns an `Outbound` into a request to `/{phone_number_id}/messages`, refusing what WhatsApp would refuse."""

from collections.abc import Iterable
from typing import Any, Literal, NoReturn

import orjson

from ...i18n.texts import length
from ...messages.inbound import MessageId
from ...messages.reply import Attachment, Document, Link, Location, Outbound, Reply, Template
from ...service.ports import Retry, SendError
from . import limits
from .errors import REFUSED_HERE

JsonObject = dict[str, Any]
"""A JSON object of a request."""


def request(outbound: Outbound) -> bytes:
    """Return the body that sends a message. Raises `SendError` with `Retry.NEVER` when it breaks a limit."""
    return _encoded(_body(outbound))


def marketing_request(outbound: Outbound) -> bytes:
    """Return the body that sends a marketing template by the Marketing Messages API. Raises as `request` does.

    Whether and when a person reads it is not shared with Meta for its optimisations. There is no fallback: without
    accepted terms Meta refuses with 131063. Meta: marketing-messages/send-marketing-messages, Dec 2025.
    """
    return _encoded(_body(outbound) | {"product_policy": "STRICT", "message_activity_sharing": False})


def _body(outbound: Outbound) -> JsonObject:
    kind, content = _content(outbound.reply)
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(outbound),
        "type": kind,
        kind: content,
    }
    if outbound.id:
        body["biz_opaque_callback_data"] = _within("reference", outbound.reference, limits.REFERENCE)
    return body


def mark_read_request(message: MessageId, *, typing: bool) -> bytes:
    """Return the body that marks a person's message as read and, if `typing`, shows that an answer is coming."""
    body: JsonObject = {"messaging_product": "whatsapp", "status": "read", "message_id": message}
    if typing:
        body["typing_indicator"] = {"type": "text"}
    return _encoded(body)


ThreadAction = Literal["take", "release"]
"""Actions on who holds a chat."""


def thread_request(action: ThreadAction, outbound: Outbound) -> bytes:
    """Return the body that takes the chat of a message's recipient, or gives it back. Raises `SendError`."""
    return _encoded({"messaging_product": "whatsapp", **_recipient(outbound), "action": action})


def _encoded(body: JsonObject) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        _refuse("text: holds half of a surrogate pair")


def _refuse(what: str) -> NoReturn:
    raise SendError(REFUSED_HERE, Retry.NEVER, what, attempts=1) from None


def _recipient(outbound: Outbound) -> JsonObject:
    """Return the recipient's fields, preferring the phone number, as Meta does if both are given."""
    if outbound.phone:
        return {"to": outbound.phone} if limits.phone(outbound.phone) else _refuse("to: not +E.164")
    if outbound.bsuid:
        return {"recipient": outbound.bsuid} if limits.bsuid(outbound.bsuid) else _refuse("recipient: not a BSUID")
    _refuse("recipient: no address")


# --- the kinds of message


def _content(reply: Reply) -> tuple[str, JsonObject]:
    """Return the type of a message and the object under its name."""
    if reply.template:
        return _template(reply)
    special = [
        build
        for part, build in (
            (reply.buttons, _buttons),
            (reply.rows, _list),
            (reply.link, _link),
            (reply.document, _document),
            (reply.attachment, _attachment),
            (reply.location, _location),
        )
        if part
    ]
    if len(special) > 1:
        _refuse("reply: more than one of buttons, rows, link, document, attachment and location")
    return special[0](reply) if special else _text(reply)


def _text(reply: Reply) -> tuple[str, JsonObject]:
    """Return a text; it has no header and footer of its own, so they become its first and last paragraph."""
    body = _filled("body", _paragraphs(reply.header, reply.body, reply.footer), limits.TEXT_BODY)
    return "text", {"preview_url": False, "body": body}


def _buttons(reply: Reply) -> tuple[str, JsonObject]:
    _count("buttons", reply.buttons, limits.BUTTONS)
    _unique("button title", (button.title for button in reply.buttons))
    _unique("button id", (button.id for button in reply.buttons))
    buttons = [
        {
            "type": "reply",
            "reply": {
                "id": _id("button id", button.id, limits.BUTTON_ID),
                "title": _label("button title", button.title, limits.BUTTON_TITLE),
            },
        }
        for button in reply.buttons
    ]
    return _interactive("button", reply, {"buttons": buttons})


def _list(reply: Reply) -> tuple[str, JsonObject]:
    _count("rows", reply.rows, limits.ROWS)
    _unique("row id", (row.id for row in reply.rows))
    rows = []
    for row in reply.rows:
        part = {
            "id": _id("row id", row.id, limits.ROW_ID),
            "title": _label("row title", row.title, limits.ROW_TITLE),
        }
        if row.description:
            part["description"] = _label("row description", row.description, limits.ROW_DESCRIPTION)
        rows.append(part)
    button = _label("list button", reply.list_button, limits.LIST_BUTTON)
    return _interactive("list", reply, {"button": button, "sections": [{"rows": rows}]})


def _link(reply: Reply) -> tuple[str, JsonObject]:
    link = reply.link or Link("", "")
    parameters = {
        "display_text": _label("link title", link.title, limits.LINK_TITLE),
        "url": _url("link url", link.url),
    }
    return _interactive("cta_url", reply, {"name": "cta_url", "parameters": parameters})


def _interactive(kind: str, reply: Reply, action: JsonObject) -> tuple[str, JsonObject]:
    part: JsonObject = {
        "type": kind,
        "body": {"text": _filled("body", reply.body, limits.INTERACTIVE_BODY)},
        "action": action,
    }
    if reply.header:
        part["header"] = {"type": "text", "text": _label("header", reply.header, limits.HEADER)}
    if reply.footer:
        part["footer"] = {"text": _label("footer", reply.footer, limits.FOOTER)}
    return "interactive", part


def _document(reply: Reply) -> tuple[str, JsonObject]:
    document = reply.document or Document("")
    if bool(document.media_id) == bool(document.url):
        _refuse("document: needs either a media id or a url")
    if document.filename.rpartition(".")[2].lower() not in limits.DOCUMENT_TYPES:
        _refuse("document filename: WhatsApp takes no such type of file")
    part: JsonObject = {"id": document.media_id} if document.media_id else {"link": _url("document url", document.url)}
    part["filename"] = document.filename
    if caption := _paragraphs(reply.header, reply.body, reply.footer):
        part["caption"] = _within("caption", caption, limits.CAPTION)
    return "document", part


def _attachment(reply: Reply) -> tuple[str, JsonObject]:
    attachment = reply.attachment or Attachment("image")
    if bool(attachment.media_id) == bool(attachment.url):
        _refuse(f"{attachment.kind}: needs either a media id or a url")
    link = {"link": _url(f"{attachment.kind} url", attachment.url)}
    part: JsonObject = {"id": attachment.media_id} if attachment.media_id else link
    if caption := _paragraphs(reply.header, reply.body, reply.footer):
        if attachment.kind == "audio":
            _refuse("audio: takes no caption")
        part["caption"] = _within("caption", caption, limits.CAPTION)
    return attachment.kind, part


def _location(reply: Reply) -> tuple[str, JsonObject]:
    location = reply.location or Location(0, 0)
    if not (-90 <= location.latitude <= 90 and -180 <= location.longitude <= 180):
        _refuse("location: latitude is from -90 to 90, longitude from -180 to 180")
    if _paragraphs(reply.header, reply.body, reply.footer):
        _refuse("location: takes no text")
    part: JsonObject = {"latitude": location.latitude, "longitude": location.longitude}
    named = {"name": location.name, "address": location.address}
    return "location", part | {field: _label(f"location {field}", text, 1000) for field, text in named.items() if text}


def _template(reply: Reply) -> tuple[str, JsonObject]:
    template = reply.template or Template("", "")
    if not limits.template_name(_within("template name", template.name, limits.TEMPLATE_NAME)):
        _refuse("template name: only a-z, 0-9 and _")
    if not limits.template_language(template.language):
        _refuse("template language: not one of Meta's codes, e.g. pt_BR")
    part: JsonObject = {"name": template.name, "language": {"code": template.language}}
    if components := [*_template_body(template), *_template_buttons(template)]:
        part["components"] = components
    return "template", part


def _template_body(template: Template) -> Iterable[JsonObject]:
    if not template.body:
        return
    if sum(map(length, template.body.values())) > limits.TEMPLATE_BODY:
        _refuse(f"template body: more than {limits.TEMPLATE_BODY} characters")
    parameters = [
        {"type": "text", "parameter_name": name, "text": _value("template parameter", value)}
        for name, value in template.body.items()
    ]
    yield {"type": "body", "parameters": parameters}


def _template_buttons(template: Template) -> Iterable[JsonObject]:
    if template.payloads:
        _count("template payloads", template.payloads, limits.TEMPLATE_QUICK_REPLIES)
    for index, payload in enumerate(template.payloads):
        parameter = {"type": "payload", "payload": _filled("template payload", payload, limits.TEMPLATE_PAYLOAD)}
        yield {"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": [parameter]}


# --- the limits


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


def _within(field: str, text: str, most: int) -> str:
    return text if length(text) <= most else _refuse(f"{field}: more than {most} characters")


def _filled(field: str, text: str, most: int) -> str:
    return _within(field, text, most) if text and not text.isspace() else _refuse(f"{field}: empty")


def _label(field: str, text: str, most: int) -> str:
    return _filled(field, text, most) if "\n" not in text else _refuse(f"{field}: has a line break")


def _id(field: str, text: str, most: int) -> str:
    return _filled(field, text, most) if text == text.strip() else _refuse(f"{field}: a blank at its start or end")


def _count(field: str, parts: tuple[object, ...], most: int) -> None:
    if len(parts) > most:
        _refuse(f"{field}: more than {most}")


def _unique(field: str, values: Iterable[str]) -> None:
    seen = list(values)
    if len(set(seen)) != len(seen):
        _refuse(f"{field}: twice the same")


def _url(field: str, url: str) -> str:
    return url if limits.url(_within(field, url, limits.URL)) else _refuse(f"{field}: not an http(s) URL")


def _value(field: str, text: str) -> str:
    """Check a value that is put into a template."""
    if not limits.in_template(text):
        _refuse(f"{field}: a line break, a tab, or more than four blanks")
    return _filled(field, text, limits.TEMPLATE_BODY)

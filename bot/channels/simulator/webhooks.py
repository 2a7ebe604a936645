"""Webhooks as Meta posts them: a function for each kind of event, returning the bytes of a POST.

Meta: webhooks/reference/messages and user_preferences, 2026. `together` puts several into one POST.
"""

import base64
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

PHONE_NUMBER_ID = "200000000000002"
"""The id of the business's number unless told otherwise."""
ACCOUNT_ID = "100000000000001"
BUSINESS_PHONE = "15550001111"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """The person a webhook is about; `phone` is `+E.164`, and either address may be hidden."""

    phone: str | None = "+34600000001"
    bsuid: str | None = "ES.10000000000000000001"
    name: str = "Ana"

    @property
    def wa_id(self) -> str | None:
        """The phone number as Meta writes it in webhooks."""
        return self.phone[1:] if self.phone else None


def new_id(who: Identity) -> str:
    """Make a message id. As at Meta, it encodes the person's number."""
    address = (who.wa_id or who.bsuid or "").encode()
    content = b"\x1d" + bytes([len(address)]) + address + b"\x15\x02\x00\x12" + secrets.token_bytes(16)
    return "wamid." + base64.b64encode(content).decode()


def envelope(value: Json, *, field: str = "messages") -> bytes:
    """Wrap one change's value. Characters outside ASCII are escaped, as Meta does."""
    return _bytes([{"id": ACCOUNT_ID, "changes": [{"value": value, "field": field}]}])


def together(*posts: bytes) -> bytes:
    """Put the entries of several POSTs into a single POST."""
    return _bytes([entry for post in posts for entry in json.loads(post)["entry"]])


def _bytes(entries: list[Json]) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}, separators=(",", ":")).encode()


def _present(**fields: object) -> Json:
    """Leave out what is unknown: Meta omits keys instead of leaving them empty."""
    return {name: value for name, value in fields.items() if value is not None}


def _value(number: str, **lists: list[Json] | None) -> Json:
    metadata = {"display_phone_number": BUSINESS_PHONE, "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": metadata} | _present(**lists)


def _contact(who: Identity) -> Json:
    return {"profile": {"name": who.name}} | _present(wa_id=who.wa_id, user_id=who.bsuid)


# --- messages


def message(
    who: Identity,
    kind: str,
    content: object,
    *,
    id: str = "",
    at: float | None = None,
    quoted: str = "",
    number: str = PHONE_NUMBER_ID,
    held: bool = False,
    **more: object,
) -> bytes:
    """A message of any type: `content` is the object under the type's name; `at` is in unix seconds.

    `held`: Meta's agent holds the chat, so it comes on the field `standby`.
    """
    context = {"context": {"from": BUSINESS_PHONE, "id": quoted}} if quoted else {}
    item: Json = {
        **context,
        **_present(**{"from": who.wa_id, "from_user_id": who.bsuid}),
        "id": id or new_id(who),
        "timestamp": str(int(time.time() if at is None else at)),
        "type": kind,
        **({} if content is None else {kind: content}),
        **more,
    }
    told = {"contacts": [_contact(who)], "messages": [item]}
    return envelope(_value(number) | {"standby": told}, field="standby") if held else envelope(_value(number, **told))


def text(who: Identity, body: str, **more: Any) -> bytes:
    """A typed text; `more` is as in `message`."""
    return message(who, "text", {"body": body}, **more)


def forwarded(who: Identity, body: str, *, often: bool = False, **more: Any) -> bytes:
    """A text from another chat; `often` if it went through more than five."""
    context = {"frequently_forwarded" if often else "forwarded": True}
    return message(who, "text", {"body": body}, context=context, **more)


def edit(who: Identity, original: str, body: str, **more: Any) -> bytes:
    """A text that was changed; `original` is the id under which it came."""
    content = {"original_message_id": original, "message": {"type": "text", "text": {"body": body}}}
    return message(who, "edit", content, **more)


def revoke(who: Identity, original: str, **more: Any) -> bytes:
    """A message that was deleted; `original` is the id under which it came."""
    return message(who, "revoke", {"original_message_id": original}, **more)


def button_tap(who: Identity, id: str, title: str, **more: Any) -> bytes:
    """A tap on a reply button."""
    return message(who, "interactive", {"type": "button_reply", "button_reply": {"id": id, "title": title}}, **more)


def list_tap(who: Identity, id: str, title: str, description: str = "", **more: Any) -> bytes:
    """A tap on a row of a list."""
    reply = {"id": id, "title": title} | _present(description=description or None)
    return message(who, "interactive", {"type": "list_reply", "list_reply": reply}, **more)


def quick_reply(who: Identity, payload: str, title: str, **more: Any) -> bytes:
    """A tap on a quick reply of a template."""
    return message(who, "button", {"payload": payload, "text": title}, **more)


def reaction(who: Identity, to: str, emoji: str | None, **more: Any) -> bytes:
    """An emoji set on a message, or with None taken from it."""
    return message(who, "reaction", {"message_id": to} | _present(emoji=emoji), **more)


def voice(who: Identity, **more: Any) -> bytes:
    """A voice note."""
    audio = {"mime_type": "audio/ogg; codecs=opus", "sha256": "9M8q3Zc=", "id": "1013859600285441", "voice": True}
    return message(who, "audio", audio, **more)


def image(who: Identity, caption: str | None = None, **more: Any) -> bytes:
    """A picture."""
    content = _present(caption=caption, mime_type="image/jpeg", sha256="9M8q3Zc=", id="1013859600285442")
    return message(who, "image", content, **more)


def sticker(who: Identity, **more: Any) -> bytes:
    """A sticker."""
    content = {"mime_type": "image/webp", "sha256": "9M8q3Zc=", "id": "1013859600285443", "animated": False}
    return message(who, "sticker", content, **more)


def location(who: Identity, **more: Any) -> bytes:
    """A location."""
    return message(who, "location", {"latitude": 52.52, "longitude": 13.405}, **more)


def unsupported(who: Identity, kind: str = "edit", **more: Any) -> bytes:
    """Something that the Cloud API does not hand over."""
    error = {
        "code": 131051,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }
    return message(who, "unsupported", {"type": kind}, errors=[error], **more)


# --- changes of address


ToldIn = Literal["previous_user_id", "from_user_id", "body", "from", "sentence"]
"""Where a change of address names the previous address: Meta's webhooks differ.

`sentence`: only the sentence in `body` names both addresses, and the sender is the new address.
"""


def changed_number(old: Identity, new: Identity, *, told_in: ToldIn = "previous_user_id", **more: Any) -> bytes:
    """The person took a new number, and so got a new BSUID. There are no contacts."""
    if told_in == "sentence":
        return _told_by_sentence("user_changed_number", new, old.wa_id, new.wa_id, **more)
    content = {"body": f"User {new.name} changed from {old.wa_id} to {new.wa_id}"} | _present(
        wa_id=new.wa_id, user_id=new.bsuid
    )
    if told_in == "body":
        return _changed(Identity(None, None), old, content, "user_changed_number", told_in, **more)
    return _changed(Identity(old.phone, None), old, content, "user_changed_number", told_in, **more)


def changed_user_id(old: Identity, new: Identity, *, told_in: ToldIn = "previous_user_id", **more: Any) -> bytes:
    """Only the BSUID changed; the phone number is given only if nothing else tells who it was."""
    if told_in == "sentence":
        return _told_by_sentence("user_changed_user_id", new, old.bsuid, new.bsuid, **more)
    content = {"body": f"User changed from {old.bsuid} to {new.bsuid}" if told_in == "body" else "User changed"}
    who = Identity(old.phone if told_in == "from" else None, None)
    return _changed(who, old, content | {"user_id": new.bsuid}, "user_changed_user_id", told_in, **more)


def _told_by_sentence(kind: str, new: Identity, before: str | None, after: str | None, **more: Any) -> bytes:
    return _system(new, {"body": f"User {new.name} changed from {before} to {after}", "type": kind}, **more)


def _changed(who: Identity, old: Identity, content: Json, kind: str, told_in: ToldIn, **more: Any) -> bytes:
    before = _present(previous_user_id=old.bsuid) if told_in == "previous_user_id" else {}
    if told_in == "from_user_id":
        who = Identity(who.phone, old.bsuid)
    return _system(who, content | before | {"type": kind}, **more)


def _system(who: Identity, content: Json, **more: Any) -> bytes:
    post = json.loads(message(who, "system", content, **more))
    del post["entry"][0]["changes"][0]["value"]["contacts"]
    return _bytes(post["entry"])


# --- what is not a message


def staff_message(
    who: Identity, body: str, *, id: str = "", at: float | None = None, number: str = PHONE_NUMBER_ID
) -> bytes:
    """What staff wrote to a person in the WhatsApp Business app. Meta: webhooks/reference/smb_message_echoes."""
    item: Json = {
        "from": BUSINESS_PHONE,
        **_present(to=who.wa_id, to_user_id=who.bsuid),
        "id": id or new_id(who),
        "timestamp": str(int(time.time() if at is None else at)),
        "type": "text",
        "text": {"body": body},
    }
    return envelope(_value(number, message_echoes=[item]), field="smb_message_echoes")


def status(
    who: Identity,
    id: str,
    what: Literal["sent", "delivered", "read", "played", "failed"],
    *,
    reference: str | None = None,
    code: int | None = None,
    at: float | None = None,
    number: str = PHONE_NUMBER_ID,
) -> bytes:
    """What became of our message `id`. A failure names a code, but no contact."""
    failed = what == "failed"
    error = {"code": code, "title": "Failed", "message": "Failed", "error_data": {"details": "Simulated"}}
    item = {"id": id, "status": what, "timestamp": str(int(time.time() if at is None else at))} | _present(
        recipient_id=who.wa_id,
        recipient_user_id=None if failed and who.phone else who.bsuid,
        biz_opaque_callback_data=reference,
        errors=[error] if failed else None,
    )
    return envelope(_value(number, contacts=None if failed else [_contact(who)], statuses=[item]))


def preference(
    who: Identity, value: Literal["stop", "resume"], *, at: float | None = None, number: str = PHONE_NUMBER_ID
) -> bytes:
    """WhatsApp's own switch for marketing messages. Its timestamp is a number."""
    item = _present(
        wa_id=who.wa_id,
        user_id=who.bsuid,
        detail=f"User requested to {value} marketing messages",
        category="marketing_messages",
        value=value,
        timestamp=int(time.time() if at is None else at),
    )
    return envelope(_value(number, contacts=[_contact(who)], user_preferences=[item]), field="user_preferences")


def template_status(
    name: str, language: str, event: str, *, reason: str = "NONE", at: float | None = None, **more: object
) -> bytes:
    """What Meta decided about a template. Codes of languages are written with a hyphen here."""
    value = {
        "event": event,
        "message_template_id": 400000000000004,
        "message_template_name": name,
        "message_template_language": language.replace("_", "-"),
        "reason": reason,
        **more,
    }
    return _about_account("message_template_status_update", value, at)


def template_changed(
    field: str,
    name: str,
    language: str,
    *,
    at: float | None = None,
    **more: object,
) -> bytes:
    """Another change of a template; `more` is what the field tells."""
    value = {"message_template_id": 400000000000004, "message_template_name": name} | more
    return _about_account(field, value | {"message_template_language": language.replace("_", "-")}, at)


def _about_account(field: str, value: Json, at: float | None) -> bytes:
    change = {"value": value, "field": field}
    return _bytes([{"id": ACCOUNT_ID, "time": int(time.time() if at is None else at), "changes": [change]}])


def error(code: int = 130429, *, number: str = PHONE_NUMBER_ID) -> bytes:
    """Meta reports a failure that belongs to no message."""
    item = {"code": code, "title": "Rate limit hit", "message": "Rate limit hit", "error_data": {"details": "…"}}
    return envelope(_value(number, errors=[item]))


def account(event: str = "ACCOUNT_RESTRICTION", *, field: str = "account_update") -> bytes:
    """Something about the account."""
    entry = {"id": ACCOUNT_ID, "time": int(time.time()), "changes": [{"value": {"event": event}, "field": field}]}
    return _bytes([entry])

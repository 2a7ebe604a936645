"""What the simulated Meta posts is what the parser reads, and what Meta documents."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity
from bot.channels.whatsapp.payloads import parse
from bot.messages.inbound import (
    AddressChanged,
    Choice,
    Content,
    Delivery,
    Inbound,
    Media,
    Other,
    Preference,
    Reaction,
    Sender,
    Text,
)

POSTS = Path(__file__).parents[2] / "data" / "webhooks"
ANA = Identity()
NEW = Identity("+34600000009", "ES.9")
HIDDEN = Identity(None, "ES.2")
OLD = Identity("+34600000001", None)


def one(body: bytes) -> Inbound:
    parsed = parse(body, phone_number_id=webhooks.PHONE_NUMBER_ID)
    assert not parsed.malformed
    (event,) = parsed.events
    assert isinstance(event, Inbound)
    return event


@pytest.mark.parametrize(
    ("post", "content"),
    [
        (webhooks.text(ANA, "BAJA"), Text("BAJA")),
        (webhooks.button_tap(ANA, "yes", "Yes"), Choice("yes", "Yes")),
        (webhooks.list_tap(ANA, "1", "One"), Choice("1", "One")),
        (webhooks.list_tap(ANA, "1", "One", "The first"), Choice("1", "One")),
        (webhooks.quick_reply(ANA, "undo:42", "Undo"), Choice("undo:42", "Undo")),
        (webhooks.reaction(ANA, "wamid.OUT1", "👍"), Reaction("👍")),
        (webhooks.reaction(ANA, "wamid.OUT1", None), Reaction(None)),
        (webhooks.voice(ANA), Media("voice")),
        (webhooks.image(ANA), Media("image")),
        (webhooks.image(ANA, "stop"), Media("image", "stop")),
        (webhooks.location(ANA), Other("location")),
        (webhooks.unsupported(ANA), Other("unsupported")),
        (webhooks.preference(ANA, "stop"), Preference("stop")),
        (webhooks.preference(ANA, "resume"), Preference("resume")),
    ],
)
def test_each_action_of_a_person_is_parsed(post: bytes, content: Content) -> None:
    event = one(post)
    assert event.content == content
    assert event.sender == Sender(ANA.phone, ANA.bsuid)


@pytest.mark.parametrize("who", [ANA, HIDDEN, OLD])
def test_a_webhook_has_only_the_addresses_of_its_identity(who: Identity) -> None:
    assert one(webhooks.text(who, "hola")).sender == Sender(who.phone, who.bsuid)
    assert b"null" not in webhooks.text(who, "hola")


def test_a_message_has_the_given_id_time_and_quote() -> None:
    event = one(webhooks.text(ANA, "sí", id="wamid.1", at=1790416800.7, quoted="wamid.OUT1"))
    assert (event.id, event.at, event.quoted) == ("wamid.1", 1790416800, "wamid.OUT1")


def test_each_message_has_its_own_id() -> None:
    assert one(webhooks.text(ANA, "hola")).id != one(webhooks.text(ANA, "hola")).id


@pytest.mark.parametrize(
    ("post", "before", "after"),
    [
        (webhooks.changed_number(ANA, NEW), Sender(ANA.phone, ANA.bsuid), Sender(NEW.phone, NEW.bsuid)),
        (webhooks.changed_user_id(ANA, NEW), Sender(None, ANA.bsuid), Sender(None, NEW.bsuid)),
    ],
)
def test_a_change_of_address_is_read(post: bytes, before: Sender, after: Sender) -> None:
    event = one(post)
    assert event.content == AddressChanged(before)
    assert event.sender == after


@pytest.mark.parametrize("what", ["sent", "delivered", "read", "played", "failed"])
@pytest.mark.parametrize("who", [ANA, HIDDEN])
def test_a_status_is_read(who: Identity, what: Any) -> None:
    code = 131050 if what == "failed" else None
    post = webhooks.status(who, "wamid.OUT1", what, reference="job:42", code=code, at=1790416800)
    assert (b'"contacts"' in post) == (what != "failed")
    (event,) = parse(post).events
    recipient = Sender(who.phone, None if who.phone and what == "failed" else who.bsuid)
    assert event == Delivery(event.id, what, 1790416800, recipient, None if code is None else str(code), "job:42")


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        (webhooks.error(), "errors"),
        (webhooks.account(), "account"),
        (webhooks.account(field="telepathy"), "field"),
        (webhooks.text(ANA, "hola", number="299999999999999"), "number"),
    ],
)
def test_webhooks_not_meant_for_us_are_ignored(post: bytes, reason: str) -> None:
    assert parse(post, phone_number_id=webhooks.PHONE_NUMBER_ID).ignored == {reason: 1}


def test_several_webhooks_can_be_combined_in_one_post() -> None:
    posts = [webhooks.text(ANA, "uno"), webhooks.preference(HIDDEN, "stop"), webhooks.account()]
    parsed = parse(webhooks.together(*posts))
    assert parsed.events == [one(posts[0]), one(posts[1])]
    assert parsed.ignored == {"account": 1}


def test_characters_outside_ascii_are_escaped_as_meta_does() -> None:
    post = webhooks.text(ANA, "sí 👍")
    assert post.isascii()
    assert one(post).content == Text("sí 👍")


@pytest.mark.parametrize(
    ("post", "situation"),
    [
        (webhooks.text(ANA, "BAJA"), "text"),
        (webhooks.text(ANA, "sí", quoted="wamid.OUT1"), "text_quoted"),
        (webhooks.button_tap(ANA, "yes", "Yes", quoted="wamid.OUT1"), "interactive_button_reply"),
        (webhooks.list_tap(ANA, "1", "One", "First", quoted="wamid.OUT1"), "interactive_list_reply"),
        (webhooks.quick_reply(ANA, "undo", "Undo"), "button_quick_reply_without_context"),
        (webhooks.reaction(ANA, "wamid.OUT2", None), "reaction_removed"),
        (webhooks.voice(ANA), "audio_voice_note"),
        (webhooks.image(ANA), "image"),
        (webhooks.unsupported(ANA), "unsupported_edit"),
        (webhooks.changed_number(ANA, NEW), "system_number_changed"),
        (webhooks.changed_user_id(HIDDEN, NEW), "system_user_id_changed"),
        (webhooks.preference(ANA, "resume"), "preference_resume"),
        (webhooks.error(), "errors_of_meta"),
    ],
)
def test_a_post_has_the_fields_of_the_documented_one(post: bytes, situation: str) -> None:
    documented = json.loads((POSTS / f"{situation}.json").read_bytes())
    assert fields(json.loads(post)) == fields(documented) - OPTIONAL


OPTIONAL = {
    ".entry[].changes[].value.user_preferences[].parent_user_id",
    ".entry[].changes[].value.errors[].href",
}


def fields(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {found for name, inner in value.items() for found in fields(inner, f"{path}.{name}")} or {path}
    if isinstance(value, list):
        return {found for inner in value for found in fields(inner, f"{path}[]")}
    return {path}

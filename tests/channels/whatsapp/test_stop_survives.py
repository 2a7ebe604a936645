"""A readable STOP is in force whatever is wrong with the rest of its envelope; without any sender it is put aside."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity
from bot.channels.whatsapp.payloads import parse
from bot.conversation.dialogue import Dialogue
from bot.conversation.session import Session
from bot.messages.inbound import Inbound, Sender
from bot.service.incoming.receive import timed
from bot.service.ports import Parsed
from tests.conversation.worlds import FLOWS, WORLD

NOW = 1_790_000_000
ANA = Identity("+34600000001", "ES.10000000000000000001")
DIALOGUE = Dialogue(WORLD, FLOWS)

STOPS = {
    "text": webhooks.text(ANA, "STOP", at=NOW, quoted="wamid.OUT"),
    "caption": webhooks.image(ANA, "STOP", at=NOW),
    "tap": webhooks.button_tap(ANA, "stop", "Stop", at=NOW),
    "quick reply": webhooks.quick_reply(ANA, "STOP", "STOP", at=NOW),
}
SENDER_AND_WORDS = frozenset({"from", "from_user_id", "body", "caption", "title", "payload", "STOP"})
NAMES_OF_OBJECTS = frozenset({"text", "image", "interactive", "button", "button_reply"})

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 99),
    st.floats(),
    st.just(""),
    st.just("  "),
    st.just("x" * 5000),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "x", "type"]), st.integers() | st.just("y"), max_size=2),
)


def all_keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any, bool]]:
    """Yield each container, a key in it, and whether what is there leads to the sender or the words."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in items:
        if key not in SENDER_AND_WORDS and not (key == "text" and isinstance(inner, str)):
            yield value, key, _leads(inner)
            yield from all_keys(inner, (*path, key))


def _leads(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value.keys() & (SENDER_AND_WORDS - {"from"})) or any(map(_leads, value.values()))
    return isinstance(value, list) and any(map(_leads, value))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The STOP of somebody, in an envelope of which several things are wrong."""
    post: dict[str, Any] = copy.deepcopy(json.loads(STOPS[draw(st.sampled_from(sorted(STOPS)))]))
    for _ in range(draw(st.integers(1, 4))):
        container, key, leads = draw(st.sampled_from(list(all_keys(post))))
        how = draw(st.sampled_from(["drop", "junk", "nest", "list", "add"]))
        if how == "add" and isinstance(container, dict):
            container[draw(st.sampled_from(["foo", "group_id", "errors", "standby", "edit", "reaction"]))] = draw(junk)
        elif how == "nest" and leads and key not in NAMES_OF_OBJECTS:
            container[key] = {"something_new": container[key]}
        elif how == "list" and leads and key not in NAMES_OF_OBJECTS:
            container[key] = [container[key]]
        elif not leads and how == "drop":
            del container[key]
        elif not leads:
            container[key] = draw(junk)
    return json.dumps(post).encode()


def read(body: bytes) -> Parsed:
    return parse(body, phone_number_id=webhooks.PHONE_NUMBER_ID, received_at=NOW + 0.5)


def withdrawn(parsed: Parsed) -> set[Sender]:
    """Who is unsubscribed by what was read."""
    stopped = set()
    for event in parsed.events:
        timely = timed(event, NOW + 0.5)
        assert isinstance(timely, Inbound)
        step = DIALOGUE.step(Session("0199d000-0000-7000-8000-000000000001"), timely, NOW + 1.0)
        if {entry.kind for entry in step.entries} == {"withdrawn"}:
            stopped.add(timely.sender)
    return stopped


@pytest.mark.parametrize("kind", STOPS)
def test_a_stop_in_a_whole_envelope_is_in_force(kind: str) -> None:
    assert withdrawn(read(STOPS[kind])) == {Sender(ANA.phone, ANA.bsuid)}


@given(damaged())
def test_a_stop_in_a_damaged_envelope_is_in_force(body: bytes) -> None:
    stopped = withdrawn(read(body))
    assert {address for sender in stopped for address in sender.addresses} & {ANA.phone, ANA.bsuid}


@given(damaged(), st.sampled_from(["", None, "???", 0, [], {}]))
def test_a_stop_without_a_sender_is_put_aside_with_its_words(body: bytes, nobody: object) -> None:
    post = json.loads(body)
    text = json.dumps(post)
    for address in ('"34600000001"', '"ES.10000000000000000001"'):
        text = text.replace(address, json.dumps(nobody))
    parsed = read(text.encode())
    assert not withdrawn(parsed)
    assert parsed.malformed
    assert any(b"stop" in one.raw.lower() for one in parsed.malformed)

"""No bytes whatever stop the parser, cost a neighbour, or come back in what an operator reads."""

import copy
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.whatsapp.payloads import parse
from bot.messages.inbound import Inbound, MessageId, Sender, Text
from bot.service.ports import NotAWebhook, Parsed

POSTS = [json.loads(path.read_bytes()) for path in sorted((Path(__file__).parents[2] / "data" / "webhooks").iterdir())]
NUMBER = "200000000000002"

NEIGHBOUR = {"from": "34600000042", "id": "wamid.NEIGHBOUR", "timestamp": "1", "type": "text", "text": {"body": "STOP"}}
UNHARMED = Inbound(MessageId("wamid.NEIGHBOUR"), Sender("+34600000042"), 1, Text("STOP"))

SECRET = "s3cr3t"
"""Stands for whatever a message holds; in every text below."""

texts = st.builds("{}{}".format, st.sampled_from([SECRET, SECRET + "\0", SECRET * 2000]), st.text(max_size=5))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
nested = st.integers(1, 300).map(lambda depth: json.loads("[" * depth + "]" * depth))

REASON = re.compile(r"[a-z_]+( [a-z]+)?(: [a-z_]+( [a-z]+)?)?").fullmatch


def all_keys(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a document with every key or index in it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield value, key
        yield from all_keys(item)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A documented webhook in which up to three values are replaced or missing."""
    post: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(POSTS)))
    for _ in range(draw(st.integers(1, 3))):
        if not (found := list(all_keys(post))):
            break
        container, key = draw(st.sampled_from(found))
        if draw(st.booleans()):
            container[key] = draw(values | nested)
        else:
            del container[key]
    return post


def tells_nothing(refused: NotAWebhook) -> None:
    assert str(refused) == "the body is not a JSON object"
    assert refused.__context__ is None, "a JSON error would hold the body"


def parsed(body: bytes) -> Parsed | None:
    """The result, or None for what is no webhook; nothing else may happen, and nothing of the input may show."""
    try:
        result = parse(body, phone_number_id=NUMBER)
    except NotAWebhook as refused:
        tells_nothing(refused)
        return None
    for one in result.malformed:
        assert REASON(one.reason), "a reason is made of our own words"
    assert SECRET not in repr(result.malformed)
    assert SECRET not in repr(result.ignored)
    return result


def written(post: object) -> bytes:
    return json.dumps(post).encode()


@given(st.binary(max_size=200))
def test_arbitrary_bytes_do_not_stop_the_parser(body: bytes) -> None:
    parsed(body)


@given(values | nested)
def test_arbitrary_json_does_not_stop_the_parser(value: object) -> None:
    parsed(written(value))


@given(st.dictionaries(st.sampled_from(["entry", "changes", "value", "field", "messages"]), values))
def test_arbitrary_values_under_webhook_keys_do_not_stop_the_parser(value: dict[str, object]) -> None:
    parsed(written({"entry": value, "object": "whatsapp_business_account"}))


@given(mutated())
def test_a_mutated_webhook_does_not_stop_the_parser(post: dict[str, Any]) -> None:
    parsed(written(post))


@given(mutated(), st.data())
def test_broken_bytes_in_a_mutated_webhook_do_not_stop_the_parser(post: dict[str, Any], data: st.DataObject) -> None:
    body = written(post)
    start = data.draw(st.integers(0, len(body)))
    parsed(body[:start] + data.draw(st.binary(min_size=1, max_size=3)) + body[start + data.draw(st.integers(0, 3)) :])


@given(mutated(), st.booleans())
def test_the_neighbour_of_a_mutated_entry_is_unharmed(post: dict[str, Any], first: bool) -> None:
    value = {"metadata": {"phone_number_id": NUMBER}, "messages": [NEIGHBOUR]}
    good = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    entries = post.get("entry")
    others = entries if isinstance(entries, list) else [entries]
    result = parsed(
        written({"object": "whatsapp_business_account", "entry": [good, *others] if first else [*others, good]})
    )
    assert result is not None
    assert UNHARMED in result.events


@pytest.mark.parametrize("name", ["messages", "statuses"])
@given(item=values | nested, first=st.booleans())
def test_a_message_beside_arbitrary_items_in_one_change_is_unharmed(name: str, item: object, first: bool) -> None:
    value: dict[str, Any] = {"metadata": {"phone_number_id": NUMBER}, "messages": [NEIGHBOUR]}
    others = value.setdefault(name, [])
    others.insert(0 if first else len(others), item)
    post = {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}
    result = parsed(written(post))
    assert result is not None
    assert result.events == [UNHARMED]
    assert len(result.malformed) == 1


@given(mutated())
def test_a_malformed_update_stays_malformed_when_replayed(post: dict[str, Any]) -> None:
    result = parsed(written(post))
    for one in result.malformed if result else ():
        if one.raw:
            again = parsed(one.raw)
            assert again is not None
            assert [other.reason for other in again.malformed] == [one.reason]
            assert not again.events


@given(mutated())
def test_the_same_bytes_give_the_same_events(post: dict[str, Any]) -> None:
    first, again = (parsed(written(post)) for _ in range(2))
    assert first == again


def in_unknown_field(value: object) -> bytes:
    return written({"entry": [{"changes": [{"field": "field_of_tomorrow", "value": value}]}]})


def nested_in(wrap: Callable[[object], object], depth: int = 400) -> object:
    value: object = {"x": 1}
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        nested_in(lambda inner: {"from": inner}),
        nested_in(lambda inner: {"from": inner, "id": {"from": "x"}}),
        nested_in(lambda inner: {"from": "34600000001", "x": inner}),
        nested_in(lambda inner: {"from": inner, "sender": inner, "phone": inner}, 6),
        {"x": [{"from": "34600000001", "x": [{"id": 1}] * 300}] * 500},
        {"x": [nested_in(lambda inner: {"from": "34600000001", "x": inner})] * 10},
    ],
    ids=["sender in sender", "id beside", "no words", "three ways", "wide", "wide and deep"],
)
def test_the_search_in_a_nested_unknown_field_is_bounded(value: object) -> None:
    """Counted in calls of functions, for a time would depend on the machine: unbounded these take millions."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    body = in_unknown_field(value)
    sys.setprofile(count)
    try:
        parse(body)
    finally:
        sys.setprofile(None)
    assert calls < 1_000_000

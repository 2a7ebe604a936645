"""What the simulated Graph takes and refuses: as strict as Meta, so that a mistake of the sender's shows here first."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.simulator.refusal import Refusal
from bot.channels.simulator.shapes import Message, Read, checked

REQUESTS = {
    path.stem: json.loads(path.read_bytes())
    for path in (Path(__file__).parents[2] / "data" / "requests").glob("*.json")
}


def request(kind: str = "text", /, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(REQUESTS[kind]) | more
    return {name: value for name, value in made.items() if value is not None}


def changed(kind: str, path: str, value: object) -> dict[str, Any]:
    """A request with another value at a path like `interactive.action.buttons.0.reply.title`."""
    made = request(kind)
    inner: Any = made
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in way:
        inner = inner[part]
    inner[last] = value
    return made


def refusal(raw: object) -> Refusal:
    with pytest.raises(Refusal) as refused:
        checked(raw)
    return refused.value


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_documented_request_is_accepted(kind: str) -> None:
    assert isinstance(checked(request(kind)), Read if kind.startswith("read") else Message)


def test_a_list_may_have_sections_with_titles() -> None:
    rows = [{"id": "1", "title": "One"}], [{"id": "2", "title": "Two"}]
    sections = [{"title": "Your rights", "rows": rows[0]}, {"title": "More", "rows": rows[1]}]
    assert isinstance(checked(changed("list", "interactive.action.sections", sections)), Message)


def test_a_message_may_answer_another() -> None:
    assert isinstance(checked(request(context={"message_id": "wamid.A1"})), Message)


@pytest.mark.parametrize("recipient", ["ES.2", "ES.ENT.2"])
def test_a_recipient_may_be_a_bsuid_or_its_parent(recipient: str) -> None:
    assert isinstance(checked(request(to=None, recipient=recipient)), Message)


def test_a_wrong_recipient_beside_a_number_does_not_matter() -> None:
    assert isinstance(checked(request(recipient="nonsense")), Message)


@pytest.mark.parametrize(
    "path",
    [
        "unknown",
        "text.unknown",
        "context",
        "interactive.unknown",
        "interactive.body.unknown",
        "interactive.action.unknown",
        "interactive.action.buttons.0.unknown",
        "interactive.action.buttons.0.reply.unknown",
    ],
)
def test_an_unknown_field_is_refused(path: str) -> None:
    raw = changed("text" if path.startswith(("text", "unknown", "context")) else "buttons", path, {"a": 1})
    assert refusal(raw).code == 100


@pytest.mark.parametrize(
    ("field", "code"), [("messaging_product", 100), ("type", 131008), ("to", 131009), ("text", 131009)]
)
def test_a_missing_field_is_refused(field: str, code: int) -> None:
    assert refusal(request(**{field: None})).code == code


@pytest.mark.parametrize("kind", ["sticker", "contacts", "", 1])
def test_a_type_that_is_not_simulated_is_refused(kind: object) -> None:
    assert refusal(request(type=kind)).code == 131051


@pytest.mark.parametrize("raw", [None, [], "text", 1])
def test_a_body_that_is_not_an_object_is_refused(raw: object) -> None:
    assert refusal(raw).code == 100


@pytest.mark.parametrize("to", ["34600000001", "+", "", "+34 600", "ES.2", "+1234567890123456"])
def test_a_number_without_plus_and_country_code_is_refused(to: str) -> None:
    assert refusal(request(to=to)).code == 131009


@pytest.mark.parametrize("recipient", ["34600000001", "es.2", "", "ES."])
def test_a_recipient_that_is_not_a_user_id_is_refused(recipient: str) -> None:
    assert refusal(request(to=None, recipient=recipient)).code == 131009


REPLY, ROW = {"id": "1", "title": "One"}, {"id": "1", "title": "One"}


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("text", "text.body", ""),
        ("text", "text.body", " \n"),
        ("text", "text.body", "x" * 4097),
        ("text", "text.body", "😀" * 2049),
        ("text", "text", None),
        ("text", "type", "document"),
        ("text", "document", {"id": "1", "filename": "a.pdf"}),
        ("text", "messaging_product", "telegram"),
        ("text", "recipient_type", "group"),
        ("text", "biz_opaque_callback_data", "x" * 513),
        ("buttons", "interactive.body.text", "x" * 1025),
        ("buttons", "interactive.footer.text", "x" * 61),
        ("buttons", "interactive.footer.text", ""),
        ("buttons_with_header", "interactive.header.text", "x" * 61),
        ("buttons_with_header", "interactive.header.type", "image"),
        ("buttons", "interactive.type", "carousel"),
        ("buttons", "interactive.action.buttons", []),
        (
            "buttons",
            "interactive.action.buttons",
            [{"type": "reply", "reply": {"id": str(n), "title": str(n)}} for n in range(4)],
        ),
        ("buttons", "interactive.action.buttons.0.type", "url"),
        ("buttons", "interactive.action.buttons.0.reply.title", "No"),
        ("buttons", "interactive.action.buttons.0.reply.title", "x" * 21),
        ("buttons", "interactive.action.buttons.0.reply.title", ""),
        ("buttons", "interactive.action.buttons.0.reply.id", "c:mk:v3:no"),
        ("buttons", "interactive.action.buttons.0.reply.id", " yes"),
        ("buttons", "interactive.action.buttons.0.reply.id", ""),
        ("buttons", "interactive.action.buttons.0.reply.id", "x" * 257),
        ("list", "interactive.action.button", "x" * 21),
        ("list", "interactive.action.sections", []),
        ("list", "interactive.action.sections", [{"rows": [ROW]}, {"rows": [ROW | {"id": "2"}]}]),
        ("list", "interactive.action.sections", [{"title": str(n), "rows": [ROW | {"id": str(n)}]} for n in range(11)]),
        ("list", "interactive.action.sections.0.title", "x" * 25),
        ("list", "interactive.action.sections.0.rows", []),
        ("list", "interactive.action.sections.0.rows", [ROW, ROW]),
        ("list", "interactive.action.sections.0.rows", [ROW | {"id": str(n)} for n in range(11)]),
        ("list", "interactive.action.sections.0.rows.0.title", "x" * 25),
        ("list", "interactive.action.sections.0.rows.0.id", "x" * 201),
        ("list", "interactive.action.sections.0.rows.0.description", "x" * 73),
        ("list", "interactive.action.sections.0.rows.0.description", ""),
        ("link", "interactive.action.name", "call"),
        ("link", "interactive.action.parameters.display_text", "x" * 21),
        ("link", "interactive.action.parameters.url", "ftp://example.org"),
        ("link", "interactive.action.parameters.url", "https://"),
        ("link", "interactive.action.parameters.url", "https://example.org/ a"),
        ("link", "interactive.action.parameters.url", "https://example.org/" + "x" * 2000),
        ("document", "document.link", "https://example.org/a.pdf"),
        ("document", "document.id", None),
        ("document", "document.caption", "x" * 1025),
        ("document", "document.filename", "my-data.json"),
        ("template", "template.name", "Hello"),
        ("template", "template.name", "x" * 513),
        ("template", "template.language.code", "es-ES"),
        ("template", "template.components.0.type", "header"),
        ("template", "template.components.0.parameters.0.text", ""),
        ("template", "template.components.0.parameters.0.text", "one\ntwo"),
        ("template", "template.components.0.parameters.0.text", "one     two"),
        ("template", "template.components.0.parameters.0.type", "image"),
        ("template", "template.components.1.index", "first"),
        ("template", "template.components.1.parameters", []),
        ("template", "template.components.1.parameters.0.payload", "x" * 129),
        ("read", "status", "unread"),
        ("read", "message_id", 1),
        ("read_and_typing", "typing_indicator.type", "voice"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused(kind: str, path: str, value: object) -> None:
    assert refusal(changed(kind, path, value)).code == 131009


def test_a_template_with_two_bodies_or_a_repeated_index_is_refused() -> None:
    body, button = REQUESTS["template"]["template"]["components"]
    assert refusal(changed("template", "template.components", [body, body])).code == 131009
    assert refusal(changed("template", "template.components", [button, button])).code == 131009


def test_a_read_receipt_is_distinguished_from_a_message() -> None:
    assert isinstance(checked(request("read")), Read)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(REQUESTS)), st.data())
def test_a_request_with_any_value_changed_is_accepted_or_refused(kind: str, data: st.DataObject) -> None:
    made = request(kind)
    inner: Any = made
    while True:
        key = data.draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        if data.draw(st.booleans()) or not isinstance(inner[key], dict | list) or not inner[key]:
            break
        inner = inner[key]
    inner[key] = data.draw(values)
    try:
        checked(made)
    except Refusal as refused:
        told = refused.details
        assert told

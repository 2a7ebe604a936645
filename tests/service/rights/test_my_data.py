"""MY DATA holds everything that the data holders have, joined and explained, in the shape that is published."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from bot.app.load import load_world
from bot.business import Business
from bot.consent.rights import Right
from bot.service.rights.file_names import file_name
from bot.service.rights.gather import as_answered, gathered, my_data
from bot.service.rights.my_data import MyData, as_json, from_json, schema
from bot.service.rights.wording import in_language
from tests.service.rights.held import BUSINESS, LEDGER, NOW, PERSON

WORLD = load_world()[0]
PUBLISHED = Path(__file__).parents[3] / "bot" / "web" / "schemas" / "my-data-1.json"


def made(*more: dict[str, Any]) -> MyData:
    return my_data([PERSON, LEDGER, *more], BUSINESS, NOW)


def renamed(business: Business, name: str) -> Business:
    return business.model_copy(update={"controller": business.controller.model_copy(update={"name": name})})


def written(data: MyData) -> Any:
    return json.loads(as_json(data))


def test_file_contains_all_held_data_and_matches_the_published_schema() -> None:
    file = written(made({"waiting": [{"what": "to_you", "text": "hello"}]}))
    jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8"))).validate(file)
    assert file["person"]["phone"] == "+33600000001"
    assert file["history"][1]["answer"] == "oui"
    assert file["waiting"] == [{"what": "to_you", "since": None, "text": "hello"}]


def test_schema_rejects_a_file_with_a_missing_section() -> None:
    file = written(made())
    del file["history"]
    with pytest.raises(jsonschema.ValidationError, match="history"):
        jsonschema.validate(file, json.loads(PUBLISHED.read_text("utf-8")))


def test_published_schema_matches_the_code() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == schema()


def test_every_field_of_the_schema_is_described() -> None:
    fields = [
        (name, field, about)
        for name, shape in schema()["$defs"].items()
        for field, about in shape["properties"].items()
    ]
    assert len(fields) > 80
    assert [(name, field) for name, field, about in fields if not about.get("description")] == []


@pytest.mark.parametrize("locale", WORLD.texts.offered)
@pytest.mark.parametrize("base_url", ["", "https://bot.blumen-haas.example"])
def test_file_names_its_schema_and_is_in_the_person_s_language(locale: str, base_url: str) -> None:
    erased = {**LEDGER["history"][1], "purpose": "*"}
    file = written(in_language(made({"history": [erased]}), WORLD, locale, base_url))
    jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8"))).validate(file)
    expected = f"{base_url}/schemas/my-data-1.json" if base_url else schema()["$id"]
    assert (file["$schema"], file["language"]) == (expected, locale)
    title, description = WORLD.language(locale).purposes["offers"]
    assert (file["consents"][0]["title"], file["consents"][0]["description"]) == (title, description)
    assert title in file["history"][-1]["title"], "all purposes are named"
    assert all(right["title"] for right in file["rights"])
    assert locale == "en" or file["source"] != written(in_language(made(), WORLD, "en"))["source"]
    assert "\u2068" not in json.dumps(file, ensure_ascii=False)


def test_the_state_of_the_request_that_is_answered_agrees_with_its_last_step() -> None:
    steps = [{"at": "2026-11-25T10:00:00Z", "state": "open"}]
    request = {"right": "access", "received_at": "2026-11-25T10:00:00Z", "due": "2026-12-28", "state": "open"}
    held = made({"requests": [{"id": one, "steps": steps} | request for one in ("now", "other")]})
    answered = as_answered(held, "now")
    assert [one.state for one in answered.requests] == ["done", "open"]
    assert all(one.state == one.steps[-1].state for one in answered.requests)
    assert answered.requests[0].steps[-1].at == held.made_at
    assert as_answered(answered, "now") == answered


@pytest.mark.parametrize(
    ("right", "locale", "suffix", "name"),
    [
        (Right.ACCESS, "de", "pdf", "Ihre Daten bei Blumen Haas 2026-11-25.pdf"),
        (Right.PORTABILITY, "en", "txt", "Your data at Blumen Haas 2026-11-25.txt"),
        (Right.PROOF, "en", "pdf", "Proof of your choices at Blumen Haas 2026-11-25.pdf"),
    ],
)
def test_files_are_named_in_the_person_s_language(right: Right, locale: str, suffix: str, name: str) -> None:
    assert file_name(WORLD, right, locale, suffix, "2026-11-25") == name


def test_no_name_of_a_file_has_signs_that_file_systems_forbid() -> None:
    hostile = 'Haas & "Söhne": a/b\\c*?<|>'
    world = replace(WORLD, business=renamed(WORLD.business, hostile), _languages={})
    for locale in world.texts.offered:
        name = file_name(world, Right.ACCESS, locale, "pdf")
        assert not set(name) & set('\u2068\u2069/\\:*?"<>|')
        assert "Haas & Söhne a b c" in name


def test_waiting_messages_from_several_data_holders_are_joined() -> None:
    found = gathered([PERSON, {"waiting": [{"what": "from_you"}]}, {"waiting": [{"what": "to_you"}]}])
    assert [one.what for one in found.waiting] == ["from_you", "to_you"]


def test_history_is_in_ledger_order_not_sorted_by_time() -> None:
    late = {**LEDGER["history"][0], "at": "2026-11-19T10:00:00Z", "kind": "withdrawn"}
    assert [one.kind for one in made({"history": [late]}).history] == ["requested", "given", "withdrawn"]


def test_purpose_titles_and_localized_notice_urls_are_added() -> None:
    data = made()
    assert data.consents[0].title == "offers and news"
    assert data.history[1].notice_url == "https://blumen-haas.example/fr/confidentialite"


def test_times_are_given_in_utc() -> None:
    assert written(made())["person"]["last_contact"] == "2026-11-25T10:00:00Z"


def test_file_states_recipients_retention_and_the_right_to_complain() -> None:
    file = written(made())
    assert [one["country"] for one in file["recipients"]] == ["IE", "US"]
    assert file["retention"]["proof_after_withdrawal_days"] == 1095
    assert file["complaint"]["law"] == "GDPR Art. 77"
    assert file["source"] == "from you, in WhatsApp"
    assert file["automated_decisions"] is False


def test_a_file_can_be_read_back() -> None:
    assert from_json(as_json(made())) == made()


def test_unknown_kinds_of_data_are_rejected_rather_than_left_out() -> None:
    with pytest.raises(msgspec.ValidationError, match="notes"):
        made({"notes": ["likes roses"]})

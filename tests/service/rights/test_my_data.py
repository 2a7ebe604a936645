"""MY DATA holds everything that the data holders have, joined and explained, in the shape that is published."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from bot.service.rights.gather import gathered, my_data
from bot.service.rights.my_data import MyData, as_json, from_json, schema
from tests.service.rights.held import BUSINESS, LEDGER, NOW, PERSON

PUBLISHED = Path(__file__).parents[3] / "bot" / "web" / "schemas" / "my-data-1.json"


def made(*more: dict[str, Any]) -> MyData:
    return my_data([PERSON, LEDGER, *more], BUSINESS, NOW)


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

"""Whoever is known is found, however an operator types their number; nobody else is shown or erased instead."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.keys import TOKEN_BYTES, Keyring
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service.ports import PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.persons import Persons
from tests.commands.shell import Run
from tests.commands.test_erasures import SECRET, in_database

MADE = "+553187654321"
"""As WhatsApp names a Brazilian mobile: without the ninth digit."""


@pytest.fixture
def brazilian(environment: dict[str, str | None], tmp_path: Path) -> None:
    """Let the company be at home in Brazil."""
    text = (FLOWS / "business.toml").read_text("utf-8")
    file = tmp_path / "business.toml"
    changed = text.replace('country = "DE"', 'country = "BR"', 1).replace('region = "', 'region = "RJ" # "', 1)
    file.write_text(changed, "utf-8")
    environment["BUSINESS_FILE"] = str(file)


def known(url: str, *senders: Sender) -> list[PersonId]:
    async def made(database: Database) -> Any:
        return await Persons(database, Keyring([SECRET])).create(list(senders))

    people: list[PersonId] = in_database(url, made)
    return people


@pytest.mark.usefixtures("brazilian")
def test_one_number_is_found_in_each_spelling(run: Run, database_url: str) -> None:
    (person,) = known(database_url, Sender(MADE))
    for typed in (
        "+5531987654321",
        "+55 31 8765-4321",
        "5531987654321",
        "553187654321",
        "0055 31 98765 4321",
        "(31) 98765-4321",
        "031 98765-4321",
        "\u202a+55 31 98765\u20114321\u202c",
        "＋５５３１９８７６５４３２１",
        person,
    ):
        for command in (["person", "show"], ["ledger", "export"]):
            code, output = run(*command, typed)
            assert (code, typed) == (0, typed), output
    assert json.loads(run("person", "show", "5531987654321", "--json")[1])["person"] == person


def test_a_row_stored_under_an_older_spelling_is_found_and_erased(run: Run, database_url: str) -> None:
    (person,) = known(database_url, Sender(MADE, "BR.1"))

    async def older(database: Database) -> None:
        keys = Keyring([SECRET])
        old = next(token for token in keys.addresses(MADE) if token != keys.address(MADE))
        assert len(old) == TOKEN_BYTES
        await database.execute("UPDATE addresses SET token = $1 WHERE token = $2", old, keys.address(MADE))

    in_database(database_url, older)
    assert json.loads(run("person", "show", "+5531987654321", "--json")[1])["person"] == person
    assert run("person", "erase", "+55 31 98765-4321", "--yes")[0] == 0
    for typed in (MADE, "+5531987654321", "BR.1"):
        assert "erased at" in run("person", "show", typed)[1]


def test_digits_that_match_two_persons_numbers_show_neither(run: Run, database_url: str) -> None:
    abroad, at_home = known(database_url, Sender("+34600000001"), Sender("+4934600000001"))
    code, output = run("person", "show", "34600000001")
    assert code == 1
    assert "with + and the country's code" in output
    assert f"Person {abroad}" in run("person", "show", "+34600000001")[1]
    assert f"Person {at_home}" in run("person", "show", "034600000001")[1]


@pytest.mark.parametrize("typed", ["hello", "", "+1", "+4915199999999", "DE.9", "42", "1" * 20, "1" * 5000])
def test_a_search_that_finds_nobody_says_what_can_be_typed(run: Run, typed: str) -> None:
    code, output = run("person", "show", typed)
    assert code == 1
    for way in ("+4915112345678", "DE.123", "a person's id"):
        assert way in output

"""One person's consent as an auditor reads it."""

from datetime import date

import msgspec
import pytest

from bot import __version__
from bot.business import Business, Notice, load
from bot.consent.evidence import Kind, Method, Wording
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service.ports import Append, PersonId
from bot.stores.postgres.connect import Database
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from tests.stores.made import PERSON, WORDING, given, requested, withdrawn


@pytest.fixture
def ledger(database: Database, keys: Keyring) -> Ledger:
    return Ledger(database, keys)


@pytest.fixture
async def person(database: Database, keys: Keyring) -> PersonId:
    (person,) = await Persons(database, keys).create([Sender(bsuid="DE.1")])
    return person


def business(url: dict[str, str]) -> Business:
    notice = {"version": "2026-09-01", "published": date(2026, 9, 1), "change": "material", "url": url}
    return load(FLOWS / "business.toml").model_copy(update={"notices": (Notice.model_validate(notice),)})


async def test_a_story_shows_all_details_of_each_entry(ledger: Ledger, person: PersonId) -> None:
    await ledger.keep_notices(business({"en": "https://example.com/en", "de": "https://example.com/de"}))
    await ledger.append([Append(person, 0, [requested("m1"), given("m2"), withdrawn("m3")])])
    asked, yes, stop = await ledger.story(person)
    assert [entry.kind for entry in (asked, yes, stop)] == [Kind.REQUESTED, Kind.GIVEN, Kind.WITHDRAWN]
    assert [entry.number for entry in (asked, yes, stop)] == [1, 2, 3]
    assert asked.sequence < yes.sequence < stop.sequence
    assert (yes.answer, yes.rule, yes.actor, yes.method) == ("Yes please", "yes:en:exact", "person", Method.CHAT)
    assert (yes.text, yes.text_id, yes.wording) == (WORDING.text, "opt_in.ask", WORDING.sha256)
    assert (yes.notice, yes.notice_url) == ("2026-09-01", "https://example.com/en")
    assert (yes.at, yes.recorded_at, yes.expires_at) == (1790000060, 1790000060.5, 1850000000)
    assert (yes.purpose, yes.legal_basis, yes.question) == ("order_updates", "consent", "0123456789ab")
    assert yes.app_version == __version__
    assert len(yes.entry_hash) == 32
    assert (stop.answer, stop.text, stop.notice_url) == ("STOP", "", "")
    assert "Yes please" not in repr(yes)


async def test_a_language_without_a_notice_gets_the_default_notice(ledger: Ledger, person: PersonId) -> None:
    made = business({"de": "https://example.com/de", "en": "https://example.com/en"})
    await ledger.keep_notices(made)
    await ledger.append([Append(person, 0, [msgspec.structs.replace(requested("m1"), locale="fi")])])
    (entry,) = await ledger.story(person)
    assert entry.notice_url == f"https://example.com/{made.default_locale}"


async def test_a_story_shows_the_notice_address_that_was_shown_at_the_time(ledger: Ledger, person: PersonId) -> None:
    first, second = "https://example.com/en", "https://example.com/another"
    newer = Wording(f"May we write to you? {second}", "opt_in.ask", "en")
    await ledger.keep_notices(business({"en": first}))
    await ledger.append([Append(person, 0, [requested("m1"), given("m2")])])
    await ledger.keep_notices(business({"en": second}))
    await ledger.append([Append(person, 2, [requested("m3", "offers", newer)])])
    assert [entry.notice_url for entry in await ledger.story(person)] == [first, first, second]


async def test_the_story_of_an_erased_person_lacks_only_the_answers(
    database: Database, ledger: Ledger, person: PersonId
) -> None:
    await ledger.append([Append(person, 0, [requested("m1"), given("m2")])])
    await database.execute("DELETE FROM persons WHERE id = $1", person)
    asked, yes = await ledger.story(person)
    assert (asked.answer, yes.answer) == ("", None)
    assert yes.text == WORDING.text


async def test_an_unknown_person_has_no_story(ledger: Ledger) -> None:
    assert await ledger.story(PERSON) == []

"""Every table is somebody's: what is in it of a person is shown to them, and erased."""

import json

import pytest

from bot.consent.deadlines import Calendar
from bot.consent.requests import State, close
from bot.consent.rights import Right
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append, Move, PersonId, Subject, Written, exported
from bot.service.rights.gather import gathered
from bot.service.rights.my_data import Gathered
from bot.stores.postgres.connect import Database
from bot.stores.postgres.conversations import Conversations
from bot.stores.postgres.data_holders import NOT_PERSONAL, data_holders
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.requests import Requests
from bot.stores.postgres.sendings import Sendings
from bot.stores.postgres.tables import metadata
from bot.times import DAY
from tests.stores.made import BSUID, PHONE, WORDING, given, requested, withdrawn

AT = 1_790_000_000
OTHER = Sender("+447911123456", "GB.1")


@pytest.fixture
async def subject(database: Database, keys: Keyring) -> Subject:
    """Somebody who has something in every table."""
    return await known(database, keys, Sender(PHONE, BSUID), "ana")


async def known(database: Database, keys: Keyring, sender: Sender, name: str) -> Subject:
    (person,) = await Persons(database, keys).create([sender])
    entries = [requested(f"{name}1"), given(f"{name}2"), withdrawn(f"{name}3")]
    await Ledger(database, keys).append([Append(person, 0, entries)])
    requests = Requests(database, keys)
    request, _ = await requests.open(
        person,
        Right.RECTIFICATION,
        at=AT,
        inbound=keys.message(name),
        now=AT,
        calendar=Calendar("DE", "Europe/Berlin", None),
        details="my name is Ana",
    )
    done = close(request, State.DONE, "")
    await requests.change(request, done, actor="operator:ben", reason=f"corrected; sent to {PHONE}", now=AT)
    await database.execute(
        "INSERT INTO exports (id, made_at, expires_at, person, token, data, right_asked) "
        "VALUES (gen_random_uuid(), 1, 2, $1, $2, 'sealed', 'access')",
        person,
        name.encode(),
    )
    await Sendings(database).note(person, "offers", AT, AT + DAY)
    written = Written(id=name, at=AT, kind="text", text=f"{name} asks")
    await Conversations(database, keys).take(person, written, "asked")
    return Subject(person, sender)


def test_every_table_has_one_data_holder_or_is_not_personal(database: Database, keys: Keyring) -> None:
    held = [name for holder in data_holders(database, keys) for name in holder.holds]
    assert len(set(held)) == len(held), "two data_holders answer for one table"
    assert sorted([*held, *NOT_PERSONAL]) == sorted(metadata.tables)


def test_no_table_with_a_person_column_is_listed_as_not_personal() -> None:
    for name in NOT_PERSONAL:
        assert "person" not in metadata.tables[name].columns


async def shown(database: Database, keys: Keyring, subject: Subject) -> Gathered:
    return gathered(await exported(data_holders(database, keys), subject))


async def test_an_export_shows_everything_about_the_person(database: Database, keys: Keyring, subject: Subject) -> None:
    whole = await shown(database, keys, subject)
    assert (whole.person.phone, whole.person.whatsapp_id) == (PHONE, BSUID)
    assert [(one.purpose, one.status) for one in whole.consents] == [("order_updates", "withdrawn")]
    assert [entry.kind for entry in whole.history] == ["requested", "given", "withdrawn"]
    assert [entry.answer for entry in whole.history] == ["", "Yes please", "STOP"]
    assert whole.history[0].wording == WORDING.text
    assert [(step.state, step.by, step.because, step.reason) for step in whole.requests[0].steps] == [
        ("open", "person", "", "my name is Ana"),
        ("done", "company", "corrected", f"sent to {PHONE}"),
    ]
    assert [(one.what, one.text) for one in whole.waiting] == [
        ("document", ""),
        ("sent_to_you", "offers"),
        ("to_staff", "ana asks"),
    ]


async def test_an_unknown_person_has_no_data(database: Database, keys: Keyring) -> None:
    nobody = Subject(PersonId("019a0000-0000-7000-8000-00000000ffff"))
    assert await exported(data_holders(database, keys), nobody) == []
    assert [await holder.erase(nobody) for holder in data_holders(database, keys)] == [0] * len(
        data_holders(database, keys)
    )


async def test_an_erasure_removes_only_that_person_s_data(database: Database, keys: Keyring, subject: Subject) -> None:
    other = await known(database, keys, OTHER, "ben")
    before = await shown(database, keys, other)
    assert {holder.name: await holder.erase(subject) for holder in data_holders(database, keys)} == {
        "person": 1,
        "requests": 2,
        "documents": 1,
        "consents": 0,
        "kept_after_an_erasure": 0,
        "moves": 0,
        "events": 0,
        "messages": 0,
        "reads": 0,
        "sendings": 1,
        "conversations": 1,
    }
    assert sum([await holder.erase(subject) for holder in data_holders(database, keys)]) == 0
    left = await exported(data_holders(database, keys), subject)
    assert [set(one) for one in left] == [{"requests"}, {"consents", "history"}]
    assert [entry["answer"] for entry in left[1]["history"]] == ["", "", ""]
    assert PHONE not in json.dumps(left)
    assert await shown(database, keys, other) == before
    assert await database.fetch("SELECT FROM addresses WHERE person = $1", subject.person) == []


async def test_moves_are_shown_and_erased_from_either_address(
    database: Database, keys: Keyring, subject: Subject
) -> None:
    persons, before, after = Persons(database, keys), Sender("+33612345678", "DE.0"), Sender(bsuid="DE.9")
    await persons.note_moves([Move(before, subject.sender, AT), Move(subject.sender, after, AT + 1)])
    await persons.note_moves([Move(OTHER, Sender(bsuid="GB.2"), AT)])
    dump = repr(await database.fetch("SELECT * FROM moves")).encode()
    assert not any(one.removeprefix("+").encode() in dump for one in (*before.addresses, *subject.sender.addresses))
    moved = [one for one in (await shown(database, keys, subject)).waiting if one.what == "moves"]
    assert [one.text for one in moved] == [
        f"DE.0 +33612345678 → {BSUID} {PHONE}",
        f"{BSUID} {PHONE} → DE.9",
    ]
    for holder in data_holders(database, keys):
        await holder.erase(subject)
    assert await persons.moves([*before.addresses, *subject.sender.addresses]) == []
    assert len(await persons.moves(OTHER.addresses)) == 1


async def test_two_moves_in_the_same_second_are_each_shown_once(
    database: Database, keys: Keyring, subject: Subject
) -> None:
    before, after = Sender("+33612345678", "DE.0"), Sender(bsuid="DE.9")
    await Persons(database, keys).note_moves([Move(before, subject.sender, AT), Move(subject.sender, after, AT)])
    moved = [one.text for one in (await shown(database, keys, subject)).waiting if one.what == "moves"]
    assert sorted(moved) == [f"DE.0 +33612345678 → {BSUID} {PHONE}", f"{BSUID} {PHONE} → DE.9"]


async def test_moves_are_chained_in_whatever_order_they_were_reported(database: Database, keys: Keyring) -> None:
    persons = Persons(database, keys)
    first, second = Move(Sender(bsuid="DE.1"), Sender(bsuid="DE.2"), 1), Move(Sender(bsuid="DE.2"), OTHER, 2)
    for move in (second, first, first):
        await persons.note_moves([move])
    assert await persons.moves(["DE.1"]) == [first, second]
    assert await persons.moves(["DE.2"]) == [second]
    assert await persons.moves(["GB.1"]) == []


async def test_erasing_closes_all_open_requests_except_the_erasure(
    database: Database, keys: Keyring, subject: Subject
) -> None:
    """Else operators would be reminded for ever of what nobody can do or read any more."""
    requests, calendar = Requests(database, keys), Calendar("DE", "Europe/Berlin", None)
    for right in (Right.RECTIFICATION, Right.ERASURE):
        await requests.open(
            subject.person,
            right,
            at=AT,
            inbound=keys.message(f"new {right}"),
            now=AT,
            calendar=calendar,
            details="words",
        )
    for holder in data_holders(database, keys):
        await holder.erase(subject)
    (waiting,) = await requests.waiting()
    assert waiting.right is Right.ERASURE
    (closed,) = [one for one in await requests.of(subject.person) if one.received_at == AT and one.id != waiting.id][1:]
    found = await requests.find(closed.id)
    assert found is not None
    assert [(step.state, step.actor) for step in found[1]] == [(State.OPEN, "person"), (State.DONE, "system")]


async def test_only_a_request_s_reason_can_be_removed(database: Database, subject: Subject) -> None:
    for change in ("reason = 'another'", "reason = '', actor = 'nobody'", "state = 'open', reason = ''"):
        with pytest.raises(Exception, match="append-only"):
            await database.execute(f"UPDATE request_steps SET {change}")
    with pytest.raises(Exception, match="append-only"):
        await database.execute("TRUNCATE request_steps")


async def test_steps_of_an_open_request_cannot_be_deleted(database: Database, subject: Subject) -> None:
    await database.execute("UPDATE requests SET state = 'open'")
    with pytest.raises(Exception, match="a request that waits are kept"):
        await database.execute("DELETE FROM request_steps")

"""An erasure may break off anywhere and be begun again, and whoever was erased stays so: also when they come back."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.app.simulation import Simulation, simulate
from bot.channels.simulator.webhooks import Identity
from bot.consent.evidence import EVERY, Entry
from bot.consent.lifecycle import Record, Status, fold
from bot.errors import Unavailable
from bot.keys import Keyring
from bot.messages.inbound import (
    AddressChanged,
    Content,
    Correction,
    Delivery,
    Inbound,
    MessageId,
    Other,
    Preference,
    Reaction,
    Sender,
    Text,
)
from bot.service.operators.erasures import ReplayErasures
from bot.service.ports import Append, DataHolder, PersonId, Subject
from bot.service.rights.erase import Erase
from bot.settings import Settings
from bot.stores import erasure_list
from bot.stores.erasure_list import ErasureList
from bot.stores.postgres.checkpoints import Checkpoints
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.data_holders import data_holders
from bot.stores.postgres.erasures import Erasures
from bot.stores.postgres.evidence import evidence
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.redis.keys import ShardKeys
from tests.service.stage import changed
from tests.service.watching import kinds_of, owner_of, record_of, subscribed
from tests.stores.made import BSUID, PHONE, given, keep_notice, requested, withdrawn

AT = 1_790_000_500
BOTH = Sender(PHONE, BSUID)
SECRETS = ["newest " * 6, "the one before " * 3, "oldest " * 6]


class Parts:
    """The use case and its stores."""

    def __init__(self, database: Database, keys: Keyring, file: Path, holders: Sequence[DataHolder]) -> None:
        self.database = database
        self.persons = Persons(database, keys)
        self.ledger = Ledger(database, keys)
        self.erasures = Erasures(database, keys)
        self.file = file
        self.holders = holders
        self.erase = self.breaking(None)

    def breaking(self, fuse: "Fuse | None") -> Erase:
        """The use case whose stores break off after so many calls."""

        def fused(thing: Any) -> Any:
            return Fused(thing, fuse) if fuse else thing

        return Erase(
            persons=fused(self.persons),
            ledger=fused(self.ledger),
            erasures=fused(self.erasures),
            listed=fused(ErasureList(self.file)),
            holders=[fused(holder) for holder in self.holders],
            proof_days=100,
            clock=lambda: AT + 0.5,
        )

    async def known(self, *entries: Entry, sender: Sender = BOTH) -> PersonId:
        (person,) = await self.persons.create([sender])
        await self.ledger.append([Append(person, 0, entries)])
        return person

    async def record(self, person: PersonId) -> Record:
        return fold(past.fact for past in (await self.ledger.facts([person])).get(person, ()))

    async def faults(self) -> list[object]:
        return [bad async for bad in self.ledger.verify() if not isinstance(bad, int)]

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        tables = ("persons", "addresses", "suppressions", "retained", "erasures", "ledger")
        return {
            table: [dict(row) for row in await self.database.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")]
            for table in tables
        }


class Fuse:
    """Lets a number of calls through, then none."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def burn(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unavailable("killed here")


class Fused:
    """A store that breaks when the fuse has burnt: before a call, or after it was done."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        async def call(*arguments: Any) -> Any:
            self._fuse.burn()
            result = await value(*arguments)
            self._fuse.burn()
            return result

        return call


@pytest.fixture
async def parts(database_url: str, tmp_path: Path) -> AsyncIterator[Parts]:
    database, keys = await connect(database_url, connections=3), Keyring(SECRETS[:1])
    await keep_notice(database)
    yield Parts(database, keys, tmp_path / "var" / "erasures.jsonl", data_holders(database, keys))
    await database.close()


# --- one erasure


async def test_erasure_deletes_the_person_but_keeps_proofs_and_suppressions(parts: Parts) -> None:
    person = await parts.known(
        requested("1"), given("2"), withdrawn("3"), requested("4", "offers"), given("5", "offers")
    )
    done = await parts.erase.erase(Subject(person), reason="asked in the chat", at=AT)
    left = await parts.everything()
    assert (left["persons"], left["addresses"]) == ([], [])
    assert {(row["scope"], row["since"]) for row in left["suppressions"]} == {
        ("order_updates", 1_790_000_120),
        ("offers", AT),
        ("*", AT),
    }
    assert set(left["suppressions"][0]) == {"token", "key_id", "scope", "since"}
    assert len(left["suppressions"]) == 6, "two addresses; two purposes and everything"
    until = datetime.fromtimestamp(AT, UTC).date() + timedelta(days=100)
    assert [row["until"] for row in left["retained"]] == [until, until]
    assert [(str(row["person"]), row["at"], row["reason"]) for row in left["erasures"]] == [
        (person, AT, "asked in the chat")
    ]
    assert (set(done.withdrawn), done.proof_until) == ({"order_updates", "offers"}, until)
    assert done.by_holder["person"] == 1


async def test_ledger_records_an_erasure_and_still_verifies(parts: Parts) -> None:
    person = await parts.known(requested("1"), given("2"))
    await parts.erase.erase(Subject(person), reason="", at=AT, actor="operator")
    story = await parts.ledger.story(person)
    assert [(entry.kind, entry.purpose, entry.actor) for entry in story][-1] == ("erased", EVERY, "operator")
    assert [entry.answer for entry in story] == ["", None, ""]
    assert await parts.faults() == []
    assert (await parts.record(person)).consent("order_updates").status is Status.WITHDRAWN


async def test_proof_of_an_erased_person_is_found_by_each_address_without_answers(parts: Parts) -> None:
    person = await parts.known(requested("1"), given("2"))
    await parts.erase.erase(Subject(person), reason="", at=AT)
    assert await parts.persons.find([PHONE, BSUID]) == {}
    assert await parts.erasures.proofs(PHONE) == await parts.erasures.proofs(BSUID) == [person]
    assert await parts.erasures.proofs("+4915100000000") == []
    keys = Keyring(SECRETS[:1])
    checkpoints = Checkpoints(parts.database, keys.signers[0])
    await checkpoints.advance(AT)
    proven = await evidence(parts.database, keys, checkpoints, person)
    assert [record["answer"] for record in proven["records"]] == [None, None, None]
    assert proven["answer_key"] is None


async def test_erasing_again_changes_nothing(parts: Parts) -> None:
    person = await parts.known(requested("1"), given("2"))
    subject = Subject(person, BOTH)
    await parts.erase.erase(subject, reason="first", at=AT)
    before = await parts.everything()
    again = await parts.erase.erase(subject, reason="second", at=AT + 1000)
    assert await parts.everything() == before
    assert sum(again.by_holder.values()) == 0
    assert again.withdrawn == ("order_updates",)


async def test_erasing_an_unknown_person_leaves_no_trace(parts: Parts) -> None:
    nobody = PersonId("019a0000-0000-7000-8000-00000000ffff")
    done = await parts.erase.erase(Subject(nobody, BOTH), reason="", at=AT)
    assert (done.withdrawn, done.proof_until) == ((), None)
    assert not any((await parts.everything()).values())
    assert not parts.file.exists()


async def test_a_person_without_any_consent_is_erased_too(parts: Parts) -> None:
    (person,) = await parts.persons.create([BOTH])
    await parts.erase.erase(Subject(person), reason="", at=AT)
    assert [entry.kind for entry in await parts.ledger.story(person)] == ["erased"]
    assert await parts.faults() == []


async def test_erasure_interrupted_at_any_step_can_be_repeated(parts: Parts) -> None:
    """The addresses are told, as a task carries them: a new process knows no more."""
    died = 0
    for calls in range(200):
        sender = Sender(f"+4915100000{calls:03}", f"DE.{calls:03}")
        person = await parts.known(requested(f"{calls}a"), given(f"{calls}b"), sender=sender)
        subject = Subject(person, sender)
        fuse = Fuse(calls)
        try:
            await parts.breaking(fuse).erase(subject, reason="r", at=AT)
        except Unavailable:
            died += 1
        await parts.erase.erase(subject, reason="r", at=AT)
        left = await parts.everything()
        assert (left["persons"], left["addresses"]) == ([], [])
        assert len(left["suppressions"]) == 2 * len(left["retained"]) == 4 * (calls + 1)
        assert len(left["erasures"]) == calls + 1
        assert [entry.kind for entry in await parts.ledger.story(person)] == ["requested", "given", "erased"]
        if fuse.left >= 0:
            break
    assert died > 20
    assert await parts.faults() == []
    assert {one.person for one in erasure_list.read(parts.file)[0]} == {
        str(row["person"]) for row in (await parts.everything())["erasures"]
    }


async def test_person_of_an_interrupted_erasure_is_still_found_by_address(parts: Parts) -> None:
    """An operator who types the number again finds the person as long as anything but the row may be left."""
    person = await parts.known(requested("1"), given("2"))
    for calls in range(100):
        try:
            await parts.breaking(Fuse(calls)).erase(Subject(person), reason="", at=AT)
        except Unavailable:
            found = (await parts.persons.find([PHONE])).get(PHONE) or (await parts.erasures.proofs(PHONE))[0]
            assert found == person


async def test_ledger_entries_added_during_an_erasure_do_not_stop_it(parts: Parts) -> None:
    person = await parts.known(requested("1"))
    facts, ledger = parts.ledger.facts, parts.ledger
    late = [given("2")]

    async def overtaken(persons: Any) -> Any:
        found = await facts(persons)
        if late:
            await ledger.append([Append(person, 1, [late.pop()])])
        return found

    ledger.facts = overtaken  # type: ignore[method-assign]
    await parts.erase.erase(Subject(person), reason="", at=AT)
    assert [entry.kind for entry in await ledger.story(person)] == ["requested", "given", "erased"]


# --- the list beside the backups


async def test_unwritable_erasure_list_is_logged_but_does_not_stop_an_erasure(
    parts: Parts, logged: io.StringIO
) -> None:
    parts.file.parent.mkdir()
    parts.file.mkdir()  # a folder in its place
    person = await parts.known(requested("1"))
    await parts.erase.erase(Subject(person), reason="", at=AT)
    assert "erasure_not_listed" in logged.getvalue()
    assert (await parts.everything())["persons"] == []


@pytest.mark.parametrize("source", ["file", "table"])
async def test_replay_repeats_erasures_undone_by_a_restored_backup(parts: Parts, source: str) -> None:
    person = await parts.known(requested("1"), given("2"))
    stays = await parts.known(requested("3"), sender=Sender("+4915100000000"))
    backup = await backed_up(parts)
    await parts.erase.erase(Subject(person), reason="r", at=AT)
    erasures = erasure_list.read(parts.file)[0] if source == "file" else [one async for one in parts.erasures.all()]
    left = await parts.everything()
    await restore(parts, backup)
    assert await parts.persons.find([PHONE]) == {PHONE: person}
    assert (await parts.everything())["suppressions"] == []

    replay = ReplayErasures(
        lists=erasure_list,
        own_list=parts.file,
        erasures=parts.erasures,
        persons=parts.persons,
        erase=parts.erase,
        suppression_seconds=0,
    )
    backs = [back async for back in replay.replay(erasures)]
    assert backs == [True]
    after = await parts.everything()
    for table in ("persons", "addresses", "suppressions", "retained", "erasures"):
        assert after[table] == left[table], table
    assert await parts.persons.load([stays]) != {}
    assert (await parts.record(person)).consent("order_updates").status is Status.WITHDRAWN
    assert await parts.faults() == []
    assert [back async for back in replay.replay(erasures)] == [False]


async def test_suppressions_without_a_known_person_are_listed_too(parts: Parts) -> None:
    person = await parts.known(requested("1"), given("2"))
    await parts.erase.erase(Subject(person), reason="r", at=AT)
    await parts.database.execute("DELETE FROM retained")
    first, rest = [one async for one in parts.erasures.all()]
    assert (first.person, first.suppressions) == (person, ())
    assert (rest.person, len(rest.suppressions)) == ("", 4)


TABLES = ("wordings", "persons", "addresses", "ledger")


async def backed_up(parts: Parts) -> dict[str, Any]:
    """What a backup of now would hold."""
    return {table: await parts.database.fetch(f"SELECT * FROM {table}") for table in TABLES}


async def restore(parts: Parts, backup: dict[str, Any]) -> None:
    """Bring the database back to what it was."""
    await parts.database.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
    for table in (*reversed(TABLES), "suppressions", "retained", "erasures"):
        await parts.database.execute(f"DELETE FROM {table}")
    for table in TABLES:
        for row in backup[table]:
            parameters = ", ".join(f"${number}" for number in range(1, len(row) + 1))
            names = ", ".join(row.keys())
            await parts.database.execute(
                f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES ({parameters})", *row.values()
            )
    await parts.database.execute("ALTER TABLE ledger ENABLE TRIGGER USER")
    parts.ledger._known_wordings.clear()


# --- coming back


async def erased_in(simulation: Simulation, who: Identity) -> PersonId:
    runtime = simulation.runtime
    address = who.bsuid or who.phone or ""
    person = (await runtime.stores.persons.find([address]))[address]
    await runtime.use_cases.erase.erase(Subject(person), reason="asked by e-mail", actor="operator")
    return person


@pytest.fixture
def who() -> Identity:
    return Identity("+447911123456", "GB.12345678901234567")


async def test_erased_person_returns_as_new_and_unsubscribed_until_a_new_yes(
    simulation: Simulation, who: Identity
) -> None:
    ana = simulation.person(who)
    await subscribed(simulation, ana)
    await ana.say("STOP", replies=1)
    before = await erased_in(simulation, who)
    await ana.say("Hello", replies=1)
    await simulation.settled()
    assert await owner_of(simulation.runtime, ana) != before
    kinds = await kinds_of(simulation, ana)
    assert sorted(kinds[:2]) == ["withdrawn offers", "withdrawn order_updates"]
    record = await record_of(simulation, ana)
    assert record.given == ()
    story = await simulation.runtime.stores.ledger.story(await owner_of(simulation.runtime, ana))
    assert {(entry.method, entry.actor) for entry in story[:2]} == {("suppression", "system")}

    later = int(simulation.graph.clock()) + 5
    await ana.say("START", replies=1, at=later)
    await simulation.settled()
    assert (await record_of(simulation, ana)).pending is not None
    await ana.say("YES", at=later + 1)
    await simulation.settled()
    assert (await record_of(simulation, ana)).given != ()


@pytest.mark.parametrize("by", ["phone", "bsuid"])
async def test_suppression_applies_if_either_address_matches(simulation: Simulation, who: Identity, by: str) -> None:
    await subscribed(simulation, simulation.person(who))
    await erased_in(simulation, who)
    again = Identity(who.phone, "GB.99") if by == "phone" else Identity("+447911999999", who.bsuid)
    person = simulation.person(again)
    await person.say("Hello", replies=1)
    await simulation.settled()
    assert {one.split()[0] for one in (await kinds_of(simulation, person))[:2]} == {"withdrawn"}


async def test_erased_person_who_was_never_asked_is_not_asked_on_return(simulation: Simulation, who: Identity) -> None:
    """The farewell says: a mark that you don't want messages. It holds from the erasure on, whatever was before."""
    ana = simulation.person(who)
    await ana.say("RIGHTS", replies=1)
    await erased_in(simulation, who)
    await ana.say("Hello", replies=1)
    await simulation.settled()
    assert sorted(await kinds_of(simulation, ana)) == ["withdrawn offers", "withdrawn order_updates"]


async def test_repeated_erasure_does_not_suppress_consent_given_since(simulation: Simulation, who: Identity) -> None:
    ana = simulation.person(who)
    await subscribed(simulation, ana)
    before = await erased_in(simulation, who)
    later = int(simulation.graph.clock()) + 5
    for second, text in enumerate(("START", "YES", "YES")):
        await ana.say(text, replies=0, at=later + second)
        await simulation.settled()
    sender = Sender(who.phone, who.bsuid)
    await simulation.runtime.use_cases.erase.erase(
        Subject(before, sender), reason="again", actor="operator", at=later + 60
    )
    await ana.say("CHOICES", replies=1, at=later + 90)
    await simulation.settled()
    assert (await record_of(simulation, ana)).given != ()


async def test_suppressions_do_not_affect_another_person(simulation: Simulation, who: Identity) -> None:
    """Nobody else's suppression is theirs."""
    await subscribed(simulation, simulation.person(who))
    await erased_in(simulation, who)
    other = simulation.person(Identity("+447911999998", "GB.98"))
    await other.say("Hi", replies=1)
    assert (await kinds_of(simulation, other))[0].startswith("requested")


async def test_suppression_survives_two_changes_of_the_secret_key(stores: Settings, who: Identity) -> None:
    async with simulate(changed(stores, secret_key=SECRETS[2])) as simulation:
        await subscribed(simulation, simulation.person(who))
        before = await erased_in(simulation, who)
    async with simulate(changed(stores, secret_key=",".join(SECRETS))) as simulation:
        ana = simulation.person(who)
        await ana.say("Hello", replies=1)
        await simulation.settled()
        assert {one.split()[0] for one in (await kinds_of(simulation, ana))[:2]} == {"withdrawn"}
        erasures = simulation.runtime.stores.erasures
        assert await erasures.proofs(who.phone or "") == [before]
        older = await erasures.older()
        assert (older.suppressions, older.proofs) == (6, 2)


@pytest.mark.parametrize("event", ["a message from before", "a failure", "the switch", "another number"])
async def test_late_events_do_not_recreate_an_erased_person(simulation: Simulation, who: Identity, event: str) -> None:
    """Webhooks come late, for days: they make no new person of somebody who was told to be forgotten."""
    runtime, ana = simulation.runtime, simulation.person(who)
    await subscribed(simulation, ana)
    at = int(simulation.graph.clock())
    await erased_in(simulation, who)
    replies = len(ana.replies)
    sender, later = Sender(who.phone, who.bsuid), at + 60
    inbox = runtime.stores.shards[0].inbox
    match event:
        case "a message from before":
            await inbox.forward(Inbound(MessageId("wamid.late"), sender, at - 5, Text("START")))
        case "a failure":
            await inbox.forward(Delivery(MessageId("wamid.old"), "failed", later, sender, code="131050"))
        case "the switch":
            await inbox.forward(Inbound(MessageId("wamid.switch"), sender, later, Preference("stop")))
        case "another number":
            moved = Sender("+447911999990", None)
            await inbox.forward(Inbound(MessageId("wamid.moved"), moved, later, AddressChanged(sender)))
    await simulation.settled()
    assert await runtime.stores.database.fetch("SELECT FROM persons") == []
    assert len(ana.replies) == replies
    await inbox.forward(Inbound(MessageId("wamid.new"), sender, later, Text("Hello")))
    await simulation.settled()
    assert await owner_of(runtime, ana)


SILENT: Sequence[Content] = (
    Reaction("👍"),
    Reaction(None),
    Correction("revoke"),
    Correction("edit"),
    Correction("edit", text="Thank you!"),
    Other("system"),
    Other("unsupported"),
    Other("unknown"),
    Preference("resume"),
    AddressChanged(Sender("+447911999991")),
)
"""What says nothing, or nothing that needs to be known whose it is."""


@pytest.mark.parametrize("content", SILENT, ids=repr)
@pytest.mark.parametrize("erased", [True, False])
async def test_reactions_edits_and_other_silent_events_create_no_person(
    simulation: Simulation, who: Identity, content: Content, erased: bool
) -> None:
    """A thumb under the farewell, a message taken back: nobody's data is needed for it (GDPR Art. 5(1)(c))."""
    runtime, ana = simulation.runtime, simulation.person(who)
    if erased:
        await subscribed(simulation, ana)
        await erased_in(simulation, who)
    replies, later = len(ana.replies), int(simulation.graph.clock()) + 60
    event = Inbound(MessageId("wamid.silent"), Sender(who.phone, who.bsuid), later, content, float(later))
    await runtime.stores.shards[0].inbox.forward(event)
    await simulation.settled()
    assert await runtime.stores.database.fetch("SELECT FROM persons") == []
    assert await runtime.stores.database.fetch("SELECT FROM addresses") == []
    assert len(ana.replies) == replies
    assert (await runtime.queued())["dead"] == 0


async def test_erasure_deletes_sessions_under_previous_addresses(simulation: Simulation, who: Identity) -> None:
    runtime = simulation.runtime
    await subscribed(simulation, simulation.person(who))
    person = await owner_of(runtime, simulation.person(who))
    now = Sender("+447911999990", "GB.99")
    moved = Inbound(
        MessageId("wamid.moved"), now, int(simulation.graph.clock()), AddressChanged(Sender(who.phone, who.bsuid))
    )
    await runtime.stores.shards[0].inbox.forward(moved)
    await simulation.settled()
    assert (await runtime.stores.persons.find(["GB.99"]))["GB.99"] == person
    await runtime.use_cases.erase.erase(Subject(person), reason="asked by e-mail", actor="operator")
    for key in await runtime.stores.client.run("KEYS", "*"):
        if await runtime.stores.client.run("TYPE", key) == b"string":
            assert person.encode() not in await runtime.stores.client.run("GET", key)


# --- while workers are at it


@pytest.mark.parametrize("after", ["find", "load", "set_addresses"])
async def test_person_writing_from_a_new_number_during_an_erasure_becomes_a_new_one(
    simulation: Simulation, who: Identity, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, before = simulation.runtime, simulation.person(who)
    await before.say("Hi", replies=1)
    person = await owner_of(runtime, before)
    original, times, written = getattr(Persons, after), count(), int(simulation.graph.clock())

    async def overtaken(self: Persons, *arguments: Any, **more: Any) -> Any:
        result = await original(self, *arguments, **more)
        if next(times) == 0:
            await runtime.use_cases.erase.erase(Subject(person), reason="", at=written - 1)
        return result

    monkeypatch.setattr(Persons, after, overtaken)
    ana = simulation.person(Identity("+447911999990", who.bsuid))
    await ana.say("Hello", at=written, replies=1)
    await simulation.settled()
    assert await owner_of(runtime, ana) != person
    assert [bad async for bad in runtime.stores.ledger.verify() if not isinstance(bad, int)] == []
    assert (await runtime.queued())["dead"] == 0


async def test_messages_during_an_erasure_leave_nothing_of_the_old_person(simulation: Simulation) -> None:
    """Whatever a worker had in hand: afterwards the old person is nowhere, and the next message finds a new one."""
    client, keys = simulation.runtime.stores.client, simulation.runtime.stores.keys
    for number in range(12):
        who = Identity(f"+4479115550{number:02}", f"GB.777{number:02}")
        ana = simulation.person(who)
        await ana.say("Hi", replies=1)
        person = await owner_of(simulation.runtime, ana)
        writing = asyncio.gather(*(ana.say(text, replies=0) for text in ("YES", "CHOICES", "STOP", "hm", "PRIVACY")))
        await asyncio.sleep(number / 400)
        await simulation.runtime.use_cases.erase.erase(Subject(person), reason="")
        await writing
        await simulation.settled()
        for key in await client.run("KEYS", "*"):
            if await client.run("TYPE", key) == b"string":
                assert person.encode() not in await client.run("GET", key)
        assert await simulation.runtime.stores.persons.load([person]) == {}
        now = (await simulation.runtime.stores.persons.find([who.bsuid or ""])).get(who.bsuid or "")
        assert now != person
        if now:
            session = await client.run("GET", ShardKeys(0).session(keys.address(who.bsuid or "")))
            assert session is None or now.encode() in session
    assert [bad async for bad in simulation.runtime.stores.ledger.verify() if not isinstance(bad, int)] == []

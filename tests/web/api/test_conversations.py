"""The company's staff answers in the chat: what persons write to them arrives once, is readable on record, and ends."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from bot.app.runtime import open_runtime
from bot.app.simulation import Simulation, simulate, somebody
from bot.business import StaffChat
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity
from bot.errors import Unavailable
from bot.keys import Keyring
from bot.messages.inbound import Content, Correction, Inbound, MessageId, Sender, Text
from bot.paths import FLOWS
from bot.service import hand_over
from bot.service.conversations import StaffConversations
from bot.service.ports import HandedOver, PersonId, Rows, Scope, Subject
from bot.settings import Settings
from bot.stores.postgres.conversations import Conversations
from bot.times import DAY
from tests.service.stage import changed, front, worker
from tests.service.watching import BRITISH, kinds_of, owner_of, quiet, subscribed
from tests.web.api.conftest import Client, NewClient

QUESTION = "Can you bring zinnias before nine?"
ANOTHER = Text("And tulips?")
CHAT = '[human.chat]\nnot_understood = true\nends_after = "24h"\nkeep = "30d"\n\n[[purposes]]'


def with_staff(folder: Path) -> Path:
    """Write the `business.toml` of a company whose staff answers in the chat."""
    file = folder / "business.toml"
    file.write_text((FLOWS / "business.toml").read_text("utf-8").replace("[[purposes]]", CHAT, 1), "utf-8")
    return file


@pytest.fixture
async def simulation(stores: Settings, tmp_path: Path) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, business_file=with_staff(tmp_path))) as running:
        yield running


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    return simulation.person(somebody(BRITISH))


@pytest.fixture
async def staff(client: NewClient) -> Client:
    """The company's system in which its staff works."""
    return await client(Scope.CONVERSATIONS, Scope.SEND, Scope.EVENTS, name="helpdesk")


async def asks(simulation: Simulation, person: SimulatedPerson) -> None:
    """A customer asks for a person, and then a question."""
    await subscribed(simulation, person)
    await person.say("HUMAN")
    await person.say(QUESTION, replies=0)
    await quiet(simulation)


def handed_over(
    record: PersonId,
    content: Content = ANOTHER,
    id: str = "wamid.again",
    sender: Sender = Sender("+447911123456"),  # noqa: B008 - it is frozen
) -> HandedOver:
    """A message, or the change of one, on its way to the staff."""
    inbound = Inbound(MessageId(id), sender, 1_800_000_000, content)
    return HandedOver(inbound, record, "en", 1, to_staff="continued")


async def listed(staff: Client, state: str = "open") -> list[dict[str, Any]]:
    status, told = await staff("GET", f"/conversations?state={state}")
    assert status == 200
    return list(told["conversations"])


async def told_of(staff: Client) -> list[dict[str, Any]]:
    """The events of conversations."""
    _, told = await staff("GET", "/events?limit=1000")
    return [event for event in told["events"] if event["type"].startswith("conversation.")]


async def test_staff_is_told_reads_and_answers(simulation: Simulation, staff: Client, ana: SimulatedPerson) -> None:
    await asks(simulation, ana)
    person = await owner_of(simulation.runtime, ana)
    (conversation,) = await listed(staff)
    assert (conversation["person"], conversation["ended"]) == (person, None)
    status, whole = await staff("GET", f"/conversations/{conversation['id']}")
    page = (Path(__file__).parents[3] / "docs" / "crm.md").read_text("utf-8")
    (shown,) = [block for block in map(json.loads, re.findall(r"```json\n(.*?)```", page, re.S)) if "began" in block]
    assert (list(shown), list(shown["messages"][0])) == (list(whole), list(whole["messages"][0]))
    assert (status, [(one["kind"], one["text"]) for one in whole["messages"]]) == (
        200,
        [("text", "HUMAN"), ("text", QUESTION)],
    )
    events = await told_of(staff)
    assert [event["type"] for event in events] == ["conversation.began", *["conversation.message"] * 2]
    assert {event["data"]["conversation"] for event in events} == {conversation["id"]}
    assert QUESTION not in str(events)
    for answered in whole["messages"]:  # any message of the conversation may be answered
        body = {"person": person, "answer_to": answered["id"], "text": "Yes, we can."}
        status, _ = await staff("POST", "/messages", body)
        assert status == 202
    await quiet(simulation)
    assert [reply.text for reply in ana.replies[-2:]] == ["Yes, we can."] * 2


async def test_look_at_a_conversation_is_recorded_with_its_reason(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    (conversation,) = await listed(staff)
    await staff("GET", f"/conversations/{conversation['id']}", **{"X-Reason": "her question"})
    looks = await simulation.runtime.stores.reads.of(await owner_of(simulation.runtime, ana))
    assert [(look.operator, look.reason) for look in looks] == [("api:helpdesk", "her question")]


async def test_conversation_ended_by_the_staff_is_over_for_the_dialogues(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    (conversation,) = await listed(staff)
    for _ in range(2):  # a repetition is harmless
        status, ended = await staff("POST", f"/conversations/{conversation['id']}/end")
        assert (status, ended["ended_by"]) == (200, "staff")
    assert (await listed(staff), len(await listed(staff, "ended"))) == ([], 1)
    assert [event["data"]["by"] for event in await told_of(staff) if event["type"].endswith("ended")] == ["staff"]
    await ana.say("And tulips?")  # is not understood: that begins another
    assert "will answer you here" in ana.replies[-1].text
    await quiet(simulation)
    (another,) = await listed(staff)
    assert another["id"] != conversation["id"]


async def test_stop_inside_a_conversation_withdraws_and_nothing_of_it_goes_to_the_staff(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    await ana.say("STOP")
    await quiet(simulation)
    assert (await kinds_of(simulation, ana))[-1] == "withdrawn offers"
    assert len([event for event in await told_of(staff) if event["type"] == "conversation.message"]) == 2


async def test_conversation_survives_the_loss_of_what_redis_keeps(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    before = len(await told_of(staff))
    (shard,) = simulation.runtime.stores.shards
    await shard.sessions.forget(simulation.runtime.stores.keys.address(ana.who.bsuid or ""))
    await ana.say("And tulips?", replies=0)
    await quiet(simulation)
    assert [event["type"] for event in (await told_of(staff))[before:]] == ["conversation.message"]
    assert len(await listed(staff)) == 1


async def test_withdrawal_that_the_staff_notes_ends_no_conversation(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson
) -> None:
    staff = await client(Scope.CONVERSATIONS, Scope.EVENTS, Scope.WITHDRAW)
    await asks(simulation, ana)
    person, before = await owner_of(simulation.runtime, ana), len(await told_of(staff))
    noted = {"purposes": ["order_updates"], "channel": "phone", "reason": "she said so in the chat"}
    status, _ = await staff("POST", f"/persons/{person}/withdrawals", noted)
    assert status == 200
    await ana.say("And tulips?", replies=0)
    await quiet(simulation)
    assert [event["type"] for event in (await told_of(staff))[before:]] == ["conversation.message"]


async def test_message_that_crosses_the_end_begins_another_conversation(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    (conversation,) = await listed(staff)
    await staff("POST", f"/conversations/{conversation['id']}/end")
    await ana.say("HELP")  # the dialogues know of no conversation now
    await quiet(simulation)
    runtime = simulation.runtime
    late = handed_over(await owner_of(runtime, ana), sender=Sender(ana.who.phone, ana.who.bsuid))
    await runtime.use_cases.staff_conversations.take(late)
    assert [(event["type"], event["data"].get("why")) for event in (await told_of(staff))[-2:]] == [
        ("conversation.began", "continued"),
        ("conversation.message", None),
    ]
    await ana.say("Are you there?", replies=0)  # it goes on for the dialogues too
    await quiet(simulation)
    (another,) = await listed(staff)
    _, whole = await staff("GET", f"/conversations/{another['id']}")
    assert [one["text"] for one in whole["messages"]] == ["Are you there?", ANOTHER.body]


async def test_message_taken_while_the_end_is_being_noted_begins_another_conversation(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    (conversation,) = await listed(staff)
    runtime, person = simulation.runtime, await owner_of(simulation.runtime, ana)
    database = runtime.stores.database
    async with database.transaction() as ending:
        await ending.execute("UPDATE conversations SET ended = 1 WHERE id = $1", conversation["id"])
        taking = asyncio.create_task(runtime.use_cases.staff_conversations.take(handed_over(person)))
        async with asyncio.timeout(30):
            while not await database.fetch("SELECT FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
    assert await taking
    (another,) = await listed(staff)
    assert another["id"] != conversation["id"]


async def test_conversation_goes_on_with_whoever_the_person_turns_out_to_be(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    stores, person = simulation.runtime.stores, await owner_of(simulation.runtime, ana)
    (known,) = await stores.persons.create([Sender("+491701234567")])
    addresses = (await stores.persons.load([person]))[person].sender
    await stores.persons.set_addresses(known, addresses)  # one and the same
    await ana.say("And tulips?", replies=0)
    await quiet(simulation)
    (conversation,) = await listed(staff)
    assert conversation["person"] == known
    _, whole = await staff("GET", f"/conversations/{conversation['id']}")
    assert [one["text"] for one in whole["messages"]] == ["HUMAN", QUESTION, "And tulips?"]
    for answered in whole["messages"]:
        status, _ = await staff("POST", "/messages", {"person": known, "answer_to": answered["id"], "text": "Yes."})
        assert status == 202


async def test_no_typed_yes_consents_when_whoever_chats_turns_out_to_be_whoever_is_asked(
    simulation: Simulation, staff: Client
) -> None:
    who = somebody(BRITISH)
    asked, chats = simulation.person(Identity(None, who.bsuid)), simulation.person(Identity(who.phone, None))
    await asked.say("Hi")
    await quiet(simulation)
    await chats.say("HUMAN", replies=0)
    await quiet(simulation)
    (conversation,) = await listed(staff)
    both = simulation.person(who)
    await both.say("yes", replies=0)
    await quiet(simulation)
    (still,) = await listed(staff)
    assert still["id"] == conversation["id"]
    kinds = await kinds_of(simulation, both)
    assert kinds
    assert not any(kind.startswith("given") for kind in kinds)


async def test_edited_and_deleted_messages_change_what_the_staff_reads(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    runtime = simulation.runtime
    desk, person = runtime.use_cases.staff_conversations, await owner_of(runtime, ana)
    await desk.take(handed_over(person))
    (conversation,) = await listed(staff)
    original = MessageId("wamid.again")
    for change in (Correction("edit", original, "And roses?"), Correction("revoke", original)):
        assert await desk.take(handed_over(person, change, f"wamid.{change.kind}"))
        _, whole = await staff("GET", f"/conversations/{conversation['id']}")
        (changed_one,) = [one for one in whole["messages"] if one["text"] not in ("HUMAN", QUESTION)]
        told = (await told_of(staff))[-1]["data"]
        assert changed_one["text"] == change.text
        assert told["message"] == changed_one["id"]
        assert told["kind"] == ("edited" if change.text else "deleted")
    attempts: list[tuple[Literal["edit", "revoke"], str, bool]] = [
        ("edit", "corrected", False),
        ("revoke", "continued", False),
        ("edit", "continued", True),
    ]
    for kind, why, kept in attempts:
        unknown = Correction(kind, MessageId("wamid.unknown"), "And lilies?")
        handed = msgspec.structs.replace(handed_over(person, unknown), to_staff=why)
        assert await desk.take(handed) is kept


async def test_message_that_cannot_be_kept_becomes_a_dead_letter(
    simulation: Simulation, staff: Client, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(simulation, ana)

    async def failing(*_: object) -> None:
        raise ValueError(QUESTION)

    monkeypatch.setattr(Conversations, "take", failing)
    monkeypatch.setattr(hand_over, "ATTEMPTS", 1)  # else each comes half a minute after the one before it
    await ana.say("And tulips?", replies=0)
    await quiet(simulation)
    dead = simulation.runtime.stores.shards[0].dead
    (letter,) = [letter async for letter in dead.all()]
    assert letter.reason == "what keeps messages for the staff failed 1 times: ValueError"
    monkeypatch.undo()
    assert await dead.replay(letter)
    await quiet(simulation)
    assert len([event for event in await told_of(staff) if event["type"] == "conversation.message"]) == 3


async def test_conversations_end_where_nobody_answers_in_the_chat_any_more(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    settings = changed(simulation.runtime.settings, business_file=FLOWS / "business.toml")
    async with open_runtime(settings) as without:
        await without.use_cases.staff_conversations.end_silent()
    (conversation,) = await listed(staff, "ended")
    assert conversation["ended_by"] == "settings"
    keep = int(StaffChat().keep.total_seconds())
    moment = datetime.fromisoformat(conversation["ended"]).timestamp() + keep
    assert await simulation.runtime.stores.retained.forget(Rows.CONVERSATIONS, 0, int(moment)) == 1


async def test_what_is_written_to_the_staff_is_nowhere_in_the_clear(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    database = simulation.runtime.stores.database
    for table in await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        rows = await database.fetch(f"SELECT * FROM {table['tablename']}")
        assert "zinnias" not in repr([dict(row) for row in rows]), table["tablename"]


async def test_silence_ends_a_conversation_and_time_deletes_it(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    stores = simulation.runtime.stores
    (conversation,) = await listed(staff)
    kept = await stores.conversations.find(conversation["id"])
    assert kept is not None
    last = kept.last
    assert await stores.conversations.end_silent(last, last + DAY, last + 31 * DAY) == 0
    assert await stores.conversations.end_silent(last + 1, last + DAY, last + 31 * DAY) == 1
    (ended,) = await listed(staff, "ended")
    assert ended["ended_by"] == "silence"
    assert await stores.retained.forget(Rows.CONVERSATIONS, 0, last + 31 * DAY - 1) == 0
    assert await stores.retained.forget(Rows.CONVERSATIONS, 0, last + 31 * DAY) == 1
    status, _ = await staff("GET", f"/conversations/{conversation['id']}")
    assert status == 404


async def test_message_taken_twice_is_kept_and_told_once(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    runtime = simulation.runtime
    desk, handed = runtime.use_cases.staff_conversations, handed_over(await owner_of(runtime, ana))
    before = len(await told_of(staff))
    assert [await desk.take(handed) for _ in range(2)] == [True, True]
    rotated = Keyring(["another secret key", *(key.get_secret_value() for key in runtime.settings.secret_key)])
    stores = runtime.stores
    sessions = [shard.sessions for shard in stores.shards]
    assert await StaffConversations(stores.conversations, sessions, StaffChat(), rotated).take(handed)
    assert len(await told_of(staff)) == before + 1


async def test_worker_that_ends_before_the_staff_has_a_message_leaves_it_to_the_next(
    stores: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(stores, business_file=with_staff(tmp_path)) as simulation:
        ana, kept = simulation.person(somebody(BRITISH)), simulation.runtime.stores.conversations
        tried = asyncio.Event()

        async def unreachable(*_: object) -> None:
            tried.set()
            raise Unavailable("it went away; wait")

        with monkeypatch.context() as without:
            without.setattr(Conversations, "take", unreachable)
            async with worker(simulation.runtime.settings):
                await subscribed(simulation, ana)
                saying = asyncio.create_task(ana.say("HUMAN"))
                await asyncio.wait_for(tried.wait(), 30)
        assert await kept.page("", 10, ended=False) == []
        async with worker(simulation.runtime.settings):
            await saying
            await quiet(simulation)
        (conversation,) = await kept.page("", 10, ended=False)
        assert [one.text for one in await kept.written(conversation.id)] == ["HUMAN"]


async def test_erased_persons_leave_nothing_and_their_copy_had_it(
    simulation: Simulation, staff: Client, ana: SimulatedPerson
) -> None:
    await asks(simulation, ana)
    runtime = simulation.runtime
    person = await owner_of(runtime, ana)
    held = [await holder.export(Subject(person)) for holder in runtime.stores.data_holders]
    assert QUESTION in str(held)
    await runtime.use_cases.erase.erase(Subject(person), reason="asked in the chat")
    assert (await listed(staff), await listed(staff, "ended")) == ([], [])
    assert not await runtime.use_cases.staff_conversations.take(handed_over(person))


async def test_pages_show_each_conversation_once(simulation: Simulation, staff: Client) -> None:
    people = [simulation.person(somebody(BRITISH)) for _ in range(3)]
    for person in people:
        await asks(simulation, person)
    seen, cursor = [], ""
    while True:
        _, page = await staff("GET", f"/conversations?limit=2{cursor}")
        seen += [one["person"] for one in page["conversations"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [await owner_of(simulation.runtime, person) for person in people]


@pytest.mark.parametrize("id", ["nonsense", "019a0000-0000-7000-8000-000000000000"])
async def test_unknown_conversation_is_told_with_its_cure(staff: Client, id: str) -> None:
    for method, path in (("GET", ""), ("POST", "/end")):
        status, problem = await staff(method, f"/conversations/{id}{path}")
        assert (status, problem["type"]) == (404, "/api/docs#conversation_unknown")
        assert "GET /api/v1/conversations" in problem["cure"]


async def test_words_need_their_own_scope(client: NewClient) -> None:
    other = await client(Scope.READ, Scope.READ_ADDRESSES, Scope.SEND, Scope.EVENTS, Scope.REQUESTS)
    status, problem = await other("GET", "/conversations")
    assert (status, problem["scope"]) == (403, "conversations")

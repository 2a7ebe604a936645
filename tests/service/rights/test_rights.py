"""A person's rights over the whole program: data, receipt, correction, restriction, objection, erasure."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator

import aiohttp
import jsonschema
import pypdf
import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.verifier import check_evidence
from bot.documents import Documents
from bot.service.rights.my_data import MyData, schema
from bot.settings import Settings
from tests.service.stage import changed
from tests.service.watching import BRITISH, assert_sound, kinds_of, owner_of, quiet, record_of, subscribed

BASE_URL = "https://consent.example"


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, base_url=BASE_URL, takeover_seconds=1)) as running:
        yield running


async def told(simulation: Simulation, person: SimulatedPerson, text: str) -> list[str]:
    """What the bot answers, documents by their names."""
    before = len(person.replies)
    await person.say(text, replies=0)
    await quiet(simulation)
    return [reply.document or reply.text for reply in person.replies[before:]]


def read(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages)


async def requests_of(simulation: Simulation, person: SimulatedPerson) -> list[str]:
    owner = await owner_of(simulation.runtime, person)
    return [f"{request.right} {request.state}" for request in await simulation.runtime.stores.requests.of(owner)]


async def test_my_data_sends_a_summary_a_document_and_a_one_time_link(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    promise, summary, document, link = await told(simulation, ana, "MY DATA")
    assert promise.startswith("One moment")
    assert "✅ order updates\n✅ offers and news" in summary
    assert re.fullmatch(r"Your data at Blumen Haas \d{4}-\d\d-\d\d\.pdf", document)
    written = read(ana.replies[-2].file)
    assert ana.who.phone is not None
    assert ana.who.phone in written
    assert "YES" in written
    (path,) = re.findall(rf"{BASE_URL}(/my-data/\S+)", link)
    async with aiohttp.ClientSession() as session:
        for _ in range(2):  # looking at the page uses nothing up
            async with session.get(simulation.url + path) as page:
                assert page.status == 200
        async with session.post(simulation.url + path) as response:
            file = json.loads(await response.read())
        assert file["person"]["phone"] == ana.who.phone
        assert [(one["right"], one["state"]) for one in file["requests"]] == [("access", "done")]
        assert {one["what"] for one in file["waiting"]} <= {"to_you"}, "only the promise may be on its way still"
        async with session.post(simulation.url + path) as response:
            assert response.status == 410
    assert await requests_of(simulation, ana) == ["access done"]
    await assert_sound(simulation, ana)


async def fetched(simulation: Simulation, link: str) -> tuple[int, bytes]:
    """What the button of the page behind a link gives."""
    (path,) = re.findall(rf"{BASE_URL}(/my-data/\S+)", link)
    async with aiohttp.ClientSession() as session, session.post(simulation.url + path) as response:
        return response.status, await response.read()


async def test_export_my_data_sends_portable_data_by_a_one_time_link(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    promise, link = await told(simulation, ana, "EXPORT MY DATA")
    assert promise.startswith("One moment")
    assert "another company, reply HUMAN" in link
    status, file = await fetched(simulation, link)
    assert status == 200
    taken = json.loads(file)
    jsonschema.validate(taken, schema())
    assert taken["person"]["phone"] == ana.who.phone
    assert [one["answer"] for one in taken["history"] if one["kind"] == "given"] == ["YES", "YES"]
    assert not any(taken[ours] for ours in ("requests", "looks", "talk", "recipients"))
    assert not any(one["rule"] or one["entry_hash"] for one in taken["history"]), "inferred, or ours"
    assert (await fetched(simulation, link))[0] == 410
    assert simulation.graph.media == {}
    assert await requests_of(simulation, ana) == ["portability done"]
    await assert_sound(simulation, ana)


async def test_access_and_portability_do_not_share_a_link(simulation: Simulation, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    _, taken = await told(simulation, ana, "EXPORT MY DATA")
    _, summary, document, whole = await told(simulation, ana, "MY DATA")
    assert "To take your data elsewhere, reply EXPORT MY DATA." in summary
    assert document.endswith(".pdf")
    assert taken.partition("https")[2].split()[0] != whole.partition("https")[2].split()[0]
    assert (await told(simulation, ana, "EXPORT MY DATA"))[-1] == taken, "nothing changed, so it is the same link"
    assert await requests_of(simulation, ana) == ["portability done", "access done", "portability done"]


async def test_export_my_data_says_so_if_nothing_is_recorded(simulation: Simulation, ana: SimulatedPerson) -> None:
    *_, answer = await told(simulation, ana, "EXPORT MY DATA")
    assert "has recorded nothing about you" in answer
    assert await requests_of(simulation, ana) == ["portability done"]


async def test_repeated_my_data_gives_the_same_document_until_something_changes(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    first = await told(simulation, ana, "MY DATA")
    again = await told(simulation, ana, "MY DATA")
    assert again == first
    assert len(simulation.graph.media) == 1
    await told(simulation, ana, "STOP")
    later = await told(simulation, ana, "MY DATA")
    assert later[-1] != first[-1]


@pytest.mark.parametrize("later", [False, True], ids=["refused", "failed later"])
async def test_undelivered_answer_reopens_the_request(
    simulation: Simulation, ana: SimulatedPerson, logged: io.StringIO, later: bool
) -> None:
    await subscribed(simulation, ana)
    simulation.graph.report_to(simulation.hook)
    simulation.graph.fail_next(131053, after=2, later=later)  # after the promise and the summary, the document
    await told(simulation, ana, "MY DATA")
    await simulation.graph.reported()
    await quiet(simulation)
    assert await requests_of(simulation, ana) == ["access open"]
    assert "request_open_again" in logged.getvalue()
    owner = await owner_of(simulation.runtime, ana)
    (request,) = await simulation.runtime.stores.requests.of(owner)
    found = await simulation.runtime.stores.requests.find(request.id)
    assert found is not None
    assert [(step.state, step.reason) for step in found[1]][-1] == ("open", "the answer could not be delivered")

    _, _, document, _ = await told(simulation, ana, "MY DATA")
    assert document.endswith(".pdf")
    assert await requests_of(simulation, ana) == ["access done"]


async def test_simultaneous_my_data_requests_are_all_answered_without_failures(
    simulation: Simulation, ana: SimulatedPerson, logged: io.StringIO
) -> None:
    await subscribed(simulation, ana)
    await asyncio.gather(*(ana.say("MY DATA", replies=0) for _ in range(6)))
    await quiet(simulation)
    assert sum(bool(reply.document) for reply in ana.replies) == 6
    assert "task_failed" not in logged.getvalue()
    assert set(await requests_of(simulation, ana)) == {"access done"}


async def test_a_process_writes_one_document_at_a_time_across_shards(
    stores: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes hundreds of milliseconds of the interpreter, which everybody's STOP needs as well."""
    inside, most, real = 0, 0, Documents.my_data

    def watched(self: Documents, data: MyData, locale: str) -> bytes:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        try:
            return real(self, data, locale)
        finally:
            inside -= 1

    monkeypatch.setattr(Documents, "my_data", watched)
    async with simulate(changed(stores, shards=4)) as running:
        people = [running.person(somebody(BRITISH)) for _ in range(8)]
        for person in people:
            await subscribed(running, person)
        await asyncio.gather(*(person.say("MY DATA", replies=0) for person in people))
        await quiet(running)
        assert all(any(reply.document for reply in person.replies) for person in people)
    assert most == 1


async def test_requests_over_the_daily_limit_get_the_newest_document_again(
    simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.rights.rights.DOCUMENTS_A_DAY", 1)
    await subscribed(simulation, ana)
    *_, document, link = await told(simulation, ana, "MY DATA")
    await told(simulation, ana, "STOP")
    promise, summary, again, same = await told(simulation, ana, "MY DATA")
    assert "⬜ order updates" in summary, "the message tells what the document cannot"
    assert again == document
    assert link.startswith(same), "nothing is left to stop, so the footer is gone"
    assert (await fetched(simulation, link))[0] == 200
    assert await told(simulation, ana, "MY DATA") == [promise, summary, document], "a used link is not sent again"
    receipts = [await told(simulation, ana, "PROOF") for _ in range(2)]
    assert receipts[0] == receipts[1]
    assert len(simulation.graph.media) == 2
    assert set(await requests_of(simulation, ana)) == {"access done"}


@pytest.mark.parametrize("change", ["a correction", "a look", "the language"])
async def test_new_document_is_made_if_the_previous_one_is_out_of_date(
    simulation: Simulation, ana: SimulatedPerson, change: str
) -> None:
    await subscribed(simulation, ana)
    first = await told(simulation, ana, "MY DATA")
    match change:
        case "a correction":
            await told(simulation, ana, "CORRECT MY DATA")
            await told(simulation, ana, "My name is Ana, with one n")
        case "a look":
            owner = await owner_of(simulation.runtime, ana)
            await simulation.runtime.stores.reads.note([owner], "person show", "op", 1_790_000_000.0)
        case "the language":
            await told(simulation, ana, "Deutsch")
    later = await told(simulation, ana, "MY DATA")
    assert later[-1] != first[-1]
    expected = {
        "a correction": "Ana, with one n",
        "a look": "Our staff looked at your data",
        "the language": "Sprache",
    }[change]
    assert expected in read(ana.replies[-2].file)


async def test_my_data_shows_a_correction_even_if_nothing_else_is_recorded(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await told(simulation, ana, "CORRECT MY DATA")
    await told(simulation, ana, "My name is Ana, with one n")
    await told(simulation, ana, "MY DATA")
    assert "Ana, with one n" in read(ana.replies[-2].file)


async def test_my_data_says_so_if_nothing_is_recorded(simulation: Simulation, ana: SimulatedPerson) -> None:
    answers = await told(simulation, ana, "MY DATA")
    assert len(answers) == 2
    assert "has recorded nothing about you" in answers[-1]


async def test_receipt_quotes_the_exact_wording_of_the_question(simulation: Simulation, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    await told(simulation, ana, "PROOF")
    written = read(ana.replies[-1].file)
    owner = await owner_of(simulation.runtime, ana)
    story = await simulation.runtime.stores.ledger.story(owner)
    shown = story[0].text.replace("*", "")  # bold letters, as in WhatsApp
    assert " ".join(shown.split()[:8]) in " ".join(written.split())
    assert "SHA-256" in written


async def test_receipt_just_made_is_proven_by_the_evidence_in_it(simulation: Simulation, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    await told(simulation, ana, "PROOF")
    attached = pypdf.PdfReader(io.BytesIO(ana.replies[-1].file)).attachments
    (signer,) = simulation.runtime.stores.keys.signers
    found = check_evidence(json.loads(attached["evidence.json"][0]), signer.public_key)
    assert [line for line in found if re.fullmatch(r"about: \+[0-9]+, sealed since record 1", line)]


async def test_correction_waits_for_an_operator_and_the_answer_names_the_due_day(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await told(simulation, ana, "CORRECT MY DATA")
    (answer,) = await told(simulation, ana, "My name is Ana, with one n")
    (request,) = await simulation.runtime.stores.requests.waiting()
    assert f"{request.due:%b} {request.due.day}, {request.due.year}" in answer
    assert await simulation.runtime.stores.requests.details(request.id) == "My name is Ana, with one n"


@pytest.mark.parametrize(("word", "right"), [("RESTRICT", "restriction"), ("OBJECT", "objection")])
async def test_restriction_and_objection_take_effect_and_are_closed_at_once(
    simulation: Simulation, ana: SimulatedPerson, word: str, right: str
) -> None:
    await subscribed(simulation, ana)
    await told(simulation, ana, word)
    assert await requests_of(simulation, ana) == [f"{right} done"]
    assert not (await record_of(simulation, ana)).allows("order_updates", 0)


async def test_typing_the_delete_code_erases_the_person_and_confirms_it(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await told(simulation, ana, "MY DATA")
    await told(simulation, ana, "PROOF")
    owner = await owner_of(simulation.runtime, ana)
    (question,) = await told(simulation, ana, "DELETE")
    (code,) = re.findall(r"\*(\d{4})\*", question)
    (farewell,) = await told(simulation, ana, code)
    assert "has deleted your data" in farewell
    runtime = simulation.runtime
    assert await runtime.stores.persons.load([owner]) == {}
    assert await runtime.stores.persons.find([ana.who.phone or "", ana.who.bsuid or ""]) == {}
    assert simulation.graph.media == {}
    assert [f"{one.right} {one.state}" for one in await runtime.stores.requests.of(owner)] == [
        "access done",
        "erasure done",
    ]
    assert await runtime.queued() == dict.fromkeys(await runtime.queued(), 0)
    assert [bad async for bad in runtime.stores.ledger.verify() if not isinstance(bad, int)] == []


async def test_erased_person_who_returns_is_new_and_asked_only_after_start(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    owner = await owner_of(simulation.runtime, ana)
    (question,) = await told(simulation, ana, "DELETE")
    (code,) = re.findall(r"\*(\d{4})\*", question)
    await told(simulation, ana, code)
    simulation.graph.clock = lambda clock=simulation.graph.clock: clock() + 60.0  # type: ignore[misc]
    await told(simulation, ana, "Hello again")
    assert await owner_of(simulation.runtime, ana) != owner
    assert sorted(await kinds_of(simulation, ana)) == ["withdrawn offers", "withdrawn order_updates"]
    await told(simulation, ana, "START")
    await told(simulation, ana, "YES")
    assert (await record_of(simulation, ana)).given == ("order_updates",)


async def test_erasure_confirmation_is_sent_on_retry_after_a_temporary_failure(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    owner = await owner_of(simulation.runtime, ana)
    simulation.graph.fail_next(131000)  # temporary: the farewell does not get through at first
    (question,) = await told(simulation, ana, "DELETE")
    (code,) = re.findall(r"\*(\d{4})\*", question)
    await told(simulation, ana, code)
    assert (await simulation.runtime.stores.persons.load([owner])) == {}
    await asyncio.sleep(1.2)  # the task counts as left, and is taken up again
    await quiet(simulation)
    assert "has deleted your data" in ana.replies[-1].text

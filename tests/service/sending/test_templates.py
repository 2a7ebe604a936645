"""What the business says first: handed in, approved, picked whole in one language, sent, and answered by a tap."""

import itertools
from collections.abc import Sequence

import pytest

from bot.app.simulation import Simulation
from bot.channels.meta.client import CloudApi
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.sent import Sent
from bot.consent.lifecycle import Status
from bot.conversation.templates import TemplateBook
from bot.i18n import catalogs
from bot.messages.basis import Answer, AsksConsent, Basis
from bot.messages.inbound import WHATSAPP, Sender
from bot.messages.reply import Outbound, Reply
from bot.paths import LOCALES
from bot.service.ports import Accepted, TemplateNews, TemplateState, TemplateStates
from bot.service.sending.send import outbound
from bot.service.sending.templates import KNOWN_FOR, BadValues, NoTemplate, Picked, Templates
from tests.conversation.worlds import FLOWS, WORLD
from tests.service.watching import owner_of, quiet, record_of, session_of

BOOK = TemplateBook(WORLD, FLOWS, catalogs.languages(LOCALES))
ASK = "opt_in.ask"

_ids = itertools.count()


class States:
    """What the channel says, held in memory: what is picked depends on nothing else."""

    def __init__(self, statuses: dict[str, str]) -> None:
        """`statuses`: by language; `*` stands for all others."""
        self.statuses = statuses
        self.altered: set[str] = set()
        self.category = ""

    async def all(self) -> Sequence[TemplateState]:
        return [
            TemplateState(
                name=template.name,
                language=template.language,
                status=status,
                category=self.category,
                altered=template.language in self.altered,
            )
            for template in BOOK
            if (status := self.statuses.get(template.language, self.statuses.get("*")))
        ]

    async def note(self, news: Sequence[TemplateNews]) -> None:
        raise NotImplementedError

    async def adopt(self, states: Sequence[TemplateState], at: float, *, all_there_are: bool) -> None:
        raise NotImplementedError


async def picked(statuses: dict[str, str], name: str, locale: str) -> Picked | NoTemplate:
    states: TemplateStates = States(statuses)
    return await Templates(BOOK, states).pick(name, locale)


@pytest.mark.parametrize(
    ("statuses", "locale", "language"),
    [
        ({"*": "APPROVED"}, "de", "de"),
        ({"*": "APPROVED"}, "mt", "en"),
        ({"*": "APPROVED"}, "pt-BR", "pt_BR"),
        ({"*": "APPROVED", "pt_BR": "PENDING"}, "pt-BR", "pt_PT"),
        ({"*": "APPROVED", "ca": "REJECTED", "es": "PAUSED"}, "ca", "en"),
        ({"en": "APPROVED"}, "de", "en"),
        ({"*": "APPROVED"}, "xx", "en"),
    ],
)
async def test_a_template_is_in_the_persons_language_or_wholly_in_a_fallback(
    statuses: dict[str, str], locale: str, language: str
) -> None:
    found = await picked(statuses, ASK, locale)
    assert isinstance(found, Picked)
    assert found.template.language == language
    said = found.reply(BOOK.values("offers", found.locale), argument="q1")
    whole = next(template for template in BOOK if (template.text_id, template.language) == (ASK, language))
    assert (said.footer, [button.title for button in said.buttons]) == (
        whole.footer,
        [button.title for button in whole.buttons],
    )


@pytest.mark.parametrize(
    ("statuses", "name", "reason"),
    [
        ({}, ASK, NoTemplate.MISSING),
        ({"*": "APPROVED"}, "no_such", NoTemplate.MISSING),
        ({"*": "PAUSED"}, "offer", NoTemplate.PAUSED),
        ({"de": "PAUSED"}, "offer", NoTemplate.PAUSED),
        ({"*": "PENDING"}, "offer", NoTemplate.NOT_APPROVED),
        ({"*": "DISABLED"}, "order_update", NoTemplate.NOT_APPROVED),
    ],
)
async def test_the_reason_is_that_of_the_persons_own_language(
    statuses: dict[str, str], name: str, reason: NoTemplate
) -> None:
    assert await picked(statuses, name, "de") is reason


async def test_a_template_that_was_altered_at_the_channel_is_not_sent() -> None:
    states = States({"de": "APPROVED"})
    states.altered = {"de"}
    assert await Templates(BOOK, states).pick(ASK, "de") is NoTemplate.NOT_APPROVED


async def test_what_the_channel_says_is_read_again_after_a_while() -> None:
    now = [1000.0]
    states = States({"*": "APPROVED"})
    templates = Templates(BOOK, states, lambda: now[0])
    assert isinstance(await templates.pick(ASK, "de"), Picked)
    states.statuses = {"*": "PAUSED"}
    now[0] += KNOWN_FOR - 1
    assert isinstance(await templates.pick(ASK, "de"), Picked)
    now[0] += 1
    assert await templates.pick(ASK, "de") is NoTemplate.PAUSED


async def test_a_template_that_the_channel_counts_as_marketing_is_sent_as_such() -> None:
    states = States({"*": "APPROVED"})
    values = {"order": "1", "day": "Monday"}
    for category, marketing in (("", False), ("utility", False), ("marketing", True)):
        states.category = category
        found = await Templates(BOOK, states).pick("order_update", "en")
        assert isinstance(found, Picked)
        said = found.reply(values)
        assert said.template is not None
        assert said.template.marketing is marketing


@pytest.mark.parametrize("day", ["", " ", "Monday\nor Tuesday", "a\tb", "a     b", "x" * 1000])
async def test_values_that_do_not_fit_are_refused_without_being_quoted(day: str) -> None:
    found = await picked({"*": "APPROVED"}, "order_update", "en")
    assert isinstance(found, Picked)
    with pytest.raises(BadValues) as refused:
        found.reply({"order": "s3cr3t", "day": day})
    assert "day" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


# --- the whole way


VALUES = {"order": "BH-1042", "day": "2026-12-03", "offer": "tulips, 10 %"}


async def made(simulation: Simulation, person: SimulatedPerson, reply: Reply, basis: Basis) -> Outbound:
    return outbound(
        reply,
        basis,
        id=f"test {next(_ids)}",
        person=await owner_of(simulation.runtime, person),
        to=Sender(person.who.phone, person.who.bsuid),
        wrote_at=0,
        channel=WHATSAPP,
    )


async def sent(simulation: Simulation, person: SimulatedPerson, reply: Reply) -> Sent:
    """Send a message to somebody at once, and return what they see."""
    await simulation.runtime.use_cases.sender.send(await made(simulation, person, reply, Answer()))
    return person.replies[-1]


async def queue(simulation: Simulation, person: SimulatedPerson, reply: Reply, basis: Basis) -> None:
    """Let the program send a message outside of any window."""
    await simulation.runtime.stores.shards[0].outbox.queue(await made(simulation, person, reply, basis))


async def test_every_template_shows_in_every_language_exactly_what_evidence_will_keep(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    """WhatsApp renders what was approved with the values that were sent; we keep what we believe was shown."""
    await ana.say("Hi", replies=1)
    templates = simulation.runtime.use_cases.templates
    shown = set()
    for template in simulation.runtime.use_cases.template_book:
        found = await templates.pick(template.text_id, template.locale)
        assert isinstance(found, Picked)
        purpose = templates.question_values("offers", found.locale) if template.text_id == ASK else VALUES
        reply = found.reply(purpose, argument="q1")
        message = await sent(simulation, ana, reply)
        seen = [message.header, message.text, *(f"[{button.title}]" for button in message.buttons), message.footer]
        assert "\n".join(filter(None, seen)) == reply.wording()
        assert [button.id for button in message.buttons] == [button.id for button in reply.buttons]
        shown.add((template.text_id, template.language))
    assert len(shown) == 90


@pytest.mark.parametrize(("tapped", "status"), [("yes", Status.GIVEN), ("no", Status.REFUSED)])
async def test_a_tap_under_the_question_by_template_answers_it(
    simulation: Simulation, ana: SimulatedPerson, tapped: str, status: Status
) -> None:
    await ana.say("Hi", replies=1)
    pending = (await record_of(simulation, ana)).pending
    assert pending is not None
    templates = simulation.runtime.use_cases.templates
    found = await templates.pick(ASK, "en")
    assert isinstance(found, Picked)
    values = templates.question_values(pending.purpose, found.locale)
    await queue(simulation, ana, found.reply(values, argument=pending.question), AsksConsent(pending.question))
    await quiet(simulation)
    before = len(ana.replies)
    await ana.tap(f"{tapped}:{pending.question}", replies=1)
    assert ana.replies[before - 1].template == found.template.name
    record = await record_of(simulation, ana)
    assert record.consent(pending.purpose).status is status


async def test_a_webhook_that_pauses_a_template_keeps_it_from_being_picked(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    templates = Templates(simulation.runtime.use_cases.template_book, simulation.runtime.stores.templates)
    found = await templates.pick("offer", "de")
    assert isinstance(found, Picked)
    at = int(simulation.graph.clock()) + 5
    shelved = simulation.graph.templates[found.template.name, "de"]
    for post in (
        webhooks.template_status(shelved.body["name"], "de", "PAUSED", at=at),
        webhooks.template_status(shelved.body["name"], "de", "APPROVED", at=at - 1),
    ):
        await simulation.hook.post(post)
    fresh = Templates(simulation.runtime.use_cases.template_book, simulation.runtime.stores.templates)
    instead = await fresh.pick("offer", "de")
    assert isinstance(instead, Picked)
    assert instead.locale == "en"


# --- held back


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meta holds every question back."""
    send = CloudApi.send

    async def held(self: CloudApi, message: Outbound) -> Accepted:
        accepted = await send(self, message)
        return Accepted(accepted.id, held=message.reply.text_id == ASK)

    monkeypatch.setattr(CloudApi, "send", held)


@pytest.mark.usefixtures("holding")
async def test_a_question_that_is_held_back_counts_as_not_taken(simulation: Simulation, ana: SimulatedPerson) -> None:
    """A YES to it gives no consent, and its time does not run: see tests/conversation/test_seen.py."""
    await ana.say("Hi", replies=1)
    await quiet(simulation)
    session = await session_of(simulation, ana)
    assert session is not None
    assert [attempt.is_taken for attempt in session.asked] == [False]


@pytest.mark.usefixtures("holding")
async def test_a_question_that_was_held_back_is_answered_once_it_is_delivered(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hi", replies=1)
    await simulation.hook.post(webhooks.status(ana.who, question.id, "delivered"))
    await quiet(simulation)
    await ana.say("YES", replies=1)
    assert len((await record_of(simulation, ana)).given) == 1


async def test_a_question_that_is_not_held_back_is_answered_at_once(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await ana.say("Hi", replies=1)
    await quiet(simulation)
    session = await session_of(simulation, ana)
    assert session is not None
    assert [attempt.is_taken for attempt in session.asked] == [True]
    await ana.say("YES", replies=1)
    assert len((await record_of(simulation, ana)).given) == 1

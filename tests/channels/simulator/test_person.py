"""A simulated person talks with a small bot: what they do arrives, and what the bot answers comes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.channels.meta.client import CloudApi
from bot.channels.meta.webhooks import WhatsAppWebhooks
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.hook import Hook, WebhookRefused
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity
from bot.messages.basis import Answer
from bot.messages.inbound import AddressChanged, Choice, Inbound, Media, Preference, Reaction, Sender, Text
from bot.messages.reply import Button, Outbound, Reply, Row, Template
from bot.service.ports import SendError
from tests.channels.posted import posted

SECRET = "simulated-secret"

ASK = Reply("May we?", buttons=(Button("yes", "Yes, please"), Button("no", "No")))
MENU = Reply("Choose", rows=(Row("right:access", "My data", "Get a copy"),), list_button="Options")
PROMPT = Reply(template=Template("hello", "en", payloads=("undo:42",)))
DONE = Reply("Done.")


@dataclass
class Bot:
    """Answers each message with the next replies of its script, and nothing to what is not a message."""

    channel: CloudApi
    number: str
    script: list[list[Reply]] = field(default_factory=list)
    inbound: list[Inbound] = field(default_factory=list)
    status: int = 200

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        webhooks = WhatsAppWebhooks(SECRET, self.number)
        assert webhooks.authentic(posted(body, request.headers))
        for event in webhooks.parse(body, 0.0).events:
            assert isinstance(event, Inbound)
            self.inbound.append(event)
            for reply in self.script.pop(0) if self.script else []:
                await self.channel.send(Outbound("", "", event.sender.phone, event.sender.bsuid, reply, Answer()))
        return web.Response(status=self.status)


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(clock=lambda: 1790416800.0) as served:
        yield served


@pytest.fixture
async def bot(graph: GraphSimulator) -> AsyncIterator[Bot]:
    channel = CloudApi(graph.url, graph.phone_number_id, graph.token)
    yield Bot(channel, graph.phone_number_id)
    await channel.close()


@pytest.fixture
async def hook(bot: Bot) -> AsyncIterator[Hook]:
    app = web.Application()
    app.router.add_post("/", bot.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        yield Hook(f"http://127.0.0.1:{runner.addresses[0][1]}/", SECRET, session)
    await runner.cleanup()


@pytest.fixture
def ana(graph: GraphSimulator, hook: Hook) -> SimulatedPerson:
    return SimulatedPerson(graph, hook, quiet=0.02)


async def test_a_text_is_answered(ana: SimulatedPerson, bot: Bot) -> None:
    bot.script = [[ASK, DONE]]
    assert [reply.text for reply in await ana.say("hola")] == ["May we?", "Done."]
    (said,) = bot.inbound
    assert (said.content, said.at) == (Text("hola"), 1790416800)
    assert said.sender == Sender(ana.who.phone, ana.who.bsuid)


async def test_each_call_returns_only_new_replies(ana: SimulatedPerson, bot: Bot) -> None:
    bot.script = [[ASK], [DONE]]
    await ana.say("hola")
    assert [reply.text for reply in await ana.say("sí")] == ["Done."]
    assert len(ana.replies) == 2


async def test_a_number_of_replies_can_be_waited_for(ana: SimulatedPerson, bot: Bot) -> None:
    bot.script = [[ASK, DONE]]
    assert len(await ana.say("hola", replies=2)) == 2
    assert await ana.say("hola", replies=0) == []


async def test_waiting_for_replies_that_do_not_come_times_out(graph: GraphSimulator, hook: Hook, bot: Bot) -> None:
    ana = SimulatedPerson(graph, hook, patience=0.2)
    with pytest.raises(TimeoutError, match=r"^1 replies did not come within 0\.2 s$"):
        await ana.say("hola")
    bot.script = [[DONE]]
    with pytest.raises(TimeoutError, match=r"^2 replies"):
        await ana.say("hola", replies=3)


async def test_a_person_waits_until_the_bot_reports_that_it_has_settled(
    graph: GraphSimulator, hook: Hook, bot: Bot
) -> None:
    async def settled() -> None:
        await bot.channel.send(Outbound("", "", person.who.phone, None, DONE, Answer()))

    person = SimulatedPerson(graph, hook, quiet=0.0, settled=settled)
    bot.script = [[ASK]]
    assert [reply.text for reply in await person.say("hola")] == ["May we?", "Done."]


async def test_a_webhook_refused_by_the_bot_raises_an_error(ana: SimulatedPerson, bot: Bot) -> None:
    bot.status = 503
    with pytest.raises(WebhookRefused, match="503"):
        await ana.say("hola")


@pytest.mark.parametrize("choice", ["yes", "Yes, please"])
async def test_a_button_is_tapped_by_id_or_title(ana: SimulatedPerson, bot: Bot, choice: str) -> None:
    bot.script = [[ASK], [DONE]]
    await ana.say("hola")
    await ana.tap(choice)
    assert bot.inbound[1].content == Choice("yes", "Yes, please")
    assert bot.inbound[1].quoted == ana.replies[0].id


async def test_a_row_is_tapped(ana: SimulatedPerson, bot: Bot) -> None:
    bot.script = [[MENU], [DONE]]
    await ana.say("hola")
    await ana.tap("My data")
    assert bot.inbound[1].content == Choice("right:access", "My data")


async def test_a_quick_reply_of_a_template_is_tapped(graph: GraphSimulator, ana: SimulatedPerson, bot: Bot) -> None:
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Undo"}]}
    graph.templates.add(
        {
            "name": "hello",
            "language": "en",
            "category": "UTILITY",
            "parameter_format": "NAMED",
            "components": [{"type": "BODY", "text": "Hello"}, buttons],
        }
    )
    bot.script = [[PROMPT], [DONE]]
    await ana.say("hola")
    await ana.tap("undo:42")
    assert bot.inbound[1].content == Choice("undo:42", "Undo")


async def test_the_latest_of_equal_buttons_is_tapped(ana: SimulatedPerson, bot: Bot) -> None:
    bot.script = [[ASK], [ASK], [DONE]]
    await ana.say("hola")
    await ana.say("hola")
    await ana.tap("No")
    assert bot.inbound[2].quoted == ana.replies[1].id


async def test_a_choice_that_was_not_offered_cannot_be_tapped(ana: SimulatedPerson, bot: Bot) -> None:
    bot.script = [[ASK]]
    await ana.say("hola")
    with pytest.raises(LookupError, match=r"'Maybe'.*'Yes, please', 'No'"):
        await ana.tap("Maybe")


async def test_a_reaction_goes_to_the_last_reply(ana: SimulatedPerson, bot: Bot) -> None:
    with pytest.raises(LookupError):
        await ana.react("👍")
    bot.script = [[DONE]]
    await ana.say("hola")
    await ana.react("👍")
    await ana.react(None)
    assert [said.content for said in bot.inbound[1:]] == [Reaction("👍"), Reaction(None)]


async def test_voice_and_pictures_are_sent(ana: SimulatedPerson, bot: Bot) -> None:
    await ana.speak(replies=0)
    await ana.show("stop", replies=0)
    assert [said.content for said in bot.inbound] == [Media("voice"), Media("image", "stop")]


async def test_a_preference_does_not_open_the_messaging_window(ana: SimulatedPerson, bot: Bot) -> None:
    await ana.prefer("stop")
    assert bot.inbound[0].content == Preference("stop")
    assert bot.inbound[0].at == 1790416800
    with pytest.raises(SendError, match="131047"):
        await bot.channel.send(Outbound("", "", ana.who.phone, None, DONE, Answer()))


async def test_a_person_keeps_their_replies_under_a_new_number(ana: SimulatedPerson, bot: Bot) -> None:
    bot.script = [[DONE], [], [DONE]]
    await ana.say("hola")
    before = Sender(ana.who.phone, ana.who.bsuid)
    await ana.change_number("+34600000009", "ES.9")
    assert bot.inbound[1].content == AddressChanged(before)
    assert bot.inbound[1].sender == Sender("+34600000009", "ES.9")
    await ana.say("hola otra vez")
    assert [reply.recipient for reply in ana.replies] == [before.phone, "+34600000009"]


async def test_two_persons_see_only_their_own_replies(
    ana: SimulatedPerson, bot: Bot, graph: GraphSimulator, hook: Hook
) -> None:
    lucia = SimulatedPerson(graph, hook, Identity(None, "ES.2", "Lucia"), quiet=0.02)
    bot.script = [[ASK], [DONE]]
    await ana.say("hola")
    await lucia.say("hola")
    assert [reply.text for reply in ana.replies] == ["May we?"]
    assert [reply.text for reply in lucia.replies] == ["Done."]

"""The order-status bot of docs/developer.md, run as it stands there: unconsented people never reach it."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest
from aiohttp import web

import bot
import bot.testing
from bot.app.processes import listening
from bot.app.simulation import somebody
from bot.channels.meta.provider import META
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.hook import Hook
from bot.channels.simulator.person import SimulatedPerson
from bot.errors import OperatorError
from bot.messages.basis import ForPurpose
from bot.messages.inbound import Choice
from bot.settings import Settings, load_settings
from bot.testing import Conversation, load_transcript, load_world, run_transcript

PAGE = Path(__file__).parents[2] / "docs" / "developer.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def run_block(block: str) -> ModuleType:
    """Return a module with what a block of the page defines."""
    module = ModuleType("page")
    exec(compile(block, "docs/developer.md", "exec"), module.__dict__)
    return module


@pytest.fixture(autouse=True)
def _installed_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages for users import `consentbot`, as the package is called where a wheel is installed."""
    monkeypatch.setitem(sys.modules, "consentbot", bot)
    monkeypatch.setitem(sys.modules, "consentbot.testing", bot.testing)


@pytest.fixture
def example() -> ModuleType:
    """The program of the page."""
    return run_block(BLOCKS[0])


@pytest.fixture
async def graph() -> GraphSimulator:
    return GraphSimulator()


def variables(stores: Settings, graph: GraphSimulator) -> dict[str, str]:
    """What the program of the page needs in its environment, or in its file `.env`."""
    assert stores.redis_url is not None
    assert stores.database_url is not None
    return {
        "redis_url": stores.redis_url.get_secret_value(),
        "database_url": stores.database_url.get_secret_value(),
        "secret_key": stores.secret_key[0].get_secret_value(),
        "var_dir": str(stores.var_dir),
        "whatsapp_token": graph.token,
        "whatsapp_app_secret": "secret",
        "whatsapp_verify_token": "verify",
        "whatsapp_phone_number_id": graph.phone_number_id,
        "graph_url": graph.url,
    }


async def test_example_bot_answers_everybody_and_only_then_asks_for_consent(
    stores: Settings, graph: GraphSimulator, example: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    answer = example.order_status

    async def watched(inbound: bot.Inbound, person: bot.Person) -> Sequence[bot.Reply] | None:
        reached.append(person.id)
        replies: Sequence[bot.Reply] | None = await answer(inbound, person)
        return replies

    async with graph, aiohttp.ClientSession() as session:
        lines = [f"{name.upper()}='{value}'" for name, value in variables(stores, graph).items()]
        (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setitem(example.__dict__, "order_status", watched)
        async with listening(example.program(), "127.0.0.1", 0) as port:
            ana = SimulatedPerson(graph, Hook(f"http://127.0.0.1:{port}{META.path}", "secret", session), somebody())
            notice, told, question = await ana.say("Where is order 1234?", replies=3)
            assert notice.text.startswith("Hello! I'm the automated assistant of *Blumen Haas*.")
            assert told.text == "Order 1234 is on its way."
            assert [button.title for button in question.buttons] == ["Yes, I agree", "No"]
            (told,) = await ana.say("And order 1235?", replies=1)
            assert told.text == "Which order? Please send me its number."
            (told,) = await ana.say("NO", replies=1)  # meant for the bot, which spoke last
            assert told.text == "Which order? Please send me its number."
            await ana.tap(question.buttons[1].id, replies=1)
            await ana.say("NO", replies=1)
            await ana.say("STOP", replies=1)
            (told,) = await ana.say("Where is order 1234?", replies=1)
            assert told.text == "Order 1234 is on its way."
            assert len(reached) == 4
            await ana.say("RESTRICT", replies=1)
            await ana.say("Where is order 1234?", replies=0)
            await ana.say("HELP", replies=1)
            assert len(reached) == 4


async def test_setup_keeps_the_routes_of_the_host_and_ignores_its_body_limit(
    stores: Settings, graph: GraphSimulator
) -> None:
    async def own(_: web.Request) -> web.Response:
        return web.Response(text="mine")

    async with graph, aiohttp.ClientSession() as session:
        app = web.Application(client_max_size=1000)
        app.router.add_get("/", own)
        bot.setup(app, load_settings(None, **variables(stores, graph)))
        async with listening(app, "127.0.0.1", 0) as port:
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                assert await response.text() == "mine"
            async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                assert response.status == 200
            ana = SimulatedPerson(graph, Hook(f"http://127.0.0.1:{port}{META.path}", "secret", session), somebody())
            assert len(await ana.say("Hello " + "x" * 3000, replies=1)) == 1


async def test_without_settings_webhooks_are_refused_and_readyz_names_them() -> None:
    async with aiohttp.ClientSession() as session:
        app = web.Application()
        bot.setup(app, load_settings(None, dyno="web.1"))
        async with listening(app, "127.0.0.1", 0) as port:
            async with session.post(f"http://127.0.0.1:{port}{META.path}", data=b"{}") as response:
                assert response.status == 503
            async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                names = {check["name"] for check in (await response.json())["checks"]}
                assert {"WHATSAPP_TOKEN", "DATABASE_URL", "REDIS_URL"} <= names


async def test_startup_with_a_broken_business_file_names_the_file_and_the_cure(
    stores: Settings, tmp_path: Path
) -> None:
    (tmp_path / "business.toml").write_text("[controller", "utf-8")
    app = web.Application()
    bot.setup(app, stores.changed(business_file=tmp_path / "business.toml"))
    with pytest.raises(OperatorError, match=r"business\.toml: not valid TOML: .*; correct it there"):
        await web.AppRunner(app).setup()


@pytest.mark.parametrize("arguments", [{"purpose": "order_updates"}, {"host": print, "work": False}])
def test_incomplete_host_arguments_are_rejected(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="host"):
        bot.setup(web.Application(), load_settings(None), **arguments)  # type: ignore[arg-type]


def test_chat_test_on_the_developer_page_passes() -> None:
    run_block(BLOCKS[1]).test_a_thumbs_up_is_no_consent()


def test_transcript_on_the_developer_page_passes(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    path = tmp_path / "yes_in_french.toml"
    path.write_text(text, "utf-8")
    for transcript in load_transcript(path):
        run_transcript(transcript, *load_world())


@pytest.mark.parametrize(
    ("id", "label", "says"),
    [
        ("host:order:1", "Cancel", "stop.confirmed"),
        ("host:order:1", "Cancel the order", "maybe_stop.ask"),
        ("host:delete:1", "Drop it", ""),
        ("host:order:1", "Delete", ""),
        ("host:order:1", "Back", ""),
    ],
)
def test_host_button_taps_reach_the_host_unless_the_label_may_mean_stop(id: str, label: str, says: str) -> None:
    chat = Conversation(*load_world(host=ForPurpose("order_updates", answers=True)), locale="en")
    for text in ("Hello", "YES", "NO"):
        chat.says(text)
    chat.receives(Choice(id, label))
    assert [reply.text_id for reply in chat.replies] == ([says] if says else [])
    assert chat.handed_over is not bool(says)

"""The benchmark itself: it measures everything, and has no figures for a run in which something went wrong."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from bot.app.processes import listening
from bot.channels.meta.http import Endpoint
from bot.channels.meta.provider import META
from tests.benchmarks import sink, talk
from tests.benchmarks.load import Order, Outcome, play
from tests.benchmarks.measure import PEER_MISSING, QUICK, measure
from tests.benchmarks.report import Figure, as_json, figures
from tests.benchmarks.stage import SECRET

TINY = replace(
    QUICK,
    seconds=0.7,
    calm_seconds=0.7,
    warm_up_seconds=0.3,
    at_once=16,
    crowd=200,
    small_crowd=100,
    starts=1,
    subscribers=60,
    peer_python=Path("/nowhere/python"),
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.xdist_group("benchmark")
def test_a_tiny_run_has_all_figures_and_loses_nothing() -> None:
    findings = measure(TINY, lambda _: None)
    found = {figure.name: figure for figure in figures(findings)}
    peer = found.pop("CPU per message ÷ aiogram")
    assert (peer.value, peer.reached, peer.on) == (None, "-", PEER_MISSING)
    assert all(figure.value is not None and figure.value > 0 for figure in found.values())
    assert len(found) == 14
    assert 0.4 < findings.evidence / findings.messages < 0.7
    assert all(sample.outcome.whole for samples in findings.samples.values() for sample in samples)
    assert orjson.loads(orjson.dumps(as_json(findings)))["samples"]["product"][0]["messages"] > 0


@pytest.mark.parametrize("dialect", ["whatsapp", "telegram"])
def test_a_posted_message_is_about_700_bytes(dialect: str) -> None:
    post, _ = talk.telegram("x") if dialect == "telegram" else talk.whatsapp("x", sink.NUMBER)
    body = post(1, "PRIVACY").partition(b"\r\n\r\n")[2]
    assert 650 < len(body) < 750
    orjson.loads(body)


@pytest.mark.parametrize(
    ("value", "first", "goal", "reached"),
    [
        (0.9, 2, 1, "goal"),
        (1.5, 2, 1, "first"),
        (2.1, 2, 1, "missed"),
        (2.0, 1, 2, "goal"),
        (1.0, 1, 2, "first"),
        (0.9, 1, 2, "missed"),
        (None, 2, 1, "-"),
    ],
)
def test_a_figure_tells_which_target_it_reaches(value: float | None, first: float, goal: float, reached: str) -> None:
    assert Figure(name="f", value=value, unit="×", first=first, goal=goal, on="").reached == reached


# --- the load, against a bot that does what it should not

Reply = dict[str, object]
Bot = Callable[[str, str], list[Reply]]
"""Sender and text of a message → what is sent."""


def right(to: str, text: str, index: int = 0) -> list[Reply]:
    message: Reply = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "…"}}
    return [message | {"biz_opaque_callback_data": f"{text}.{index}"}]


def silent_after_yes(to: str, text: str) -> list[Reply]:
    return [] if text == "YES" else right(to, text)


def repeating(to: str, text: str) -> list[Reply]:
    return right(to, text) * 2


def beginning_with_the_second(to: str, text: str) -> list[Reply]:
    return right(to, text, index=1)


def speaking_to_strangers(to: str, text: str) -> list[Reply]:
    return [*right(to, text), *right("+15550001111", text)]


def shapeless(to: str, text: str) -> list[Reply]:
    return [reply | {"type": "image"} for reply in right(to, text)]


async def outcome_of(bot: Bot, folder: Path, status: int = 200, patience: float = 0.5) -> Outcome:
    """Let ten persons write to a bot, each once through the script."""
    watchers, loop = sink.Watchers(), asyncio.get_running_loop()
    watching = await loop.create_unix_server(watchers.connected, folder / "sink")
    graph = await loop.create_server(lambda: sink.Graph(watchers.tell), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{graph.sockets[0].getsockname()[1]}/v26.0/{sink.NUMBER}/messages"
    endpoint = Endpoint(url, {"Authorization": f"Bearer {sink.TOKEN}"})

    async def webhook(request: web.Request) -> web.Response:
        (message,) = (await request.json())["entry"][0]["changes"][0]["value"]["messages"]
        for reply in bot("+" + message["from"], message["text"]["body"]):
            await endpoint.post(orjson.dumps(reply))
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post(META.path, webhook)
    try:
        async with listening(app, "127.0.0.1", 0) as port:
            order = Order(
                port=port,
                sink=str(folder / "sink"),
                script="one_reply_each",
                secret=SECRET,
                number=sink.NUMBER,
                persons=10,
                pick="each_once",
                patience=patience,
            )
            return await play(order)
    finally:
        await endpoint.close()
        graph.close()
        watching.close()


async def test_a_bot_that_answers_everything_has_no_faults(var_dir: Path) -> None:
    outcome = await outcome_of(right, var_dir, patience=30.0)
    assert outcome.whole
    assert outcome.all_messages == 10 * len(talk.SCRIPTS["one_reply_each"])


@pytest.mark.parametrize(
    ("bot", "status", "fault"),
    [
        (silent_after_yes, 200, "unanswered"),
        (repeating, 200, "disordered"),
        (beginning_with_the_second, 200, "disordered"),
        (speaking_to_strangers, 200, "disordered"),
        (shapeless, 200, "refused"),
        (right, 503, "refused"),
    ],
)
async def test_each_fault_of_a_bot_is_counted(bot: Bot, status: int, fault: str, var_dir: Path) -> None:
    outcome = await outcome_of(bot, var_dir, status)
    assert getattr(outcome, fault) > 0
    assert not outcome.whole


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_ledger_is_measured_step_by_step() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.ledger", "--entries", "1024"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["append", "sign", "verify", "prove"]

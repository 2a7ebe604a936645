"""`webhooks`: an operator adds, tries and repairs the endpoints of events."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from bot.service.ports import EventType, NewEvent
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.events import Events
from tests.commands.shell import Run
from tests.stores.made import PERSON

CRM = "https://crm.example.com/hook?key=planted"


@pytest.fixture
def taken() -> Iterator[tuple[str, list[tuple[bytes, dict[str, str]]]]]:
    """A system beside the commands that takes everything: its URL, and what came."""
    came: list[tuple[bytes, dict[str, str]]] = []

    async def handle(request: web.Request) -> web.Response:
        came.append((await request.read(), dict(request.headers)))
        return web.Response()

    async def start() -> tuple[web.AppRunner, int]:
        app = web.Application()
        app.router.add_post("/", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner, port = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
    yield f"http://127.0.0.1:{port}/", came
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def added(run: Run, *options: str) -> dict[str, str]:
    status, text = run("webhooks", "add", CRM, "--json", *options)
    assert status == 0, text
    found: dict[str, str] = json.loads(text)
    return found


def listed(run: Run) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("webhooks", "list", "--json")[1])
    return found


def test_an_added_endpoint_is_listed_by_its_host_alone(run: Run) -> None:
    new = added(run, "--type", "consent.given", "--type", "consent.withdrawn", "--with-address")
    assert new["secret"].startswith("whsec_")
    (line,) = listed(run)
    assert (line["id"], line["host"]) == (new["id"], "crm.example.com")
    assert (line["types"], line["with_address"]) == (["consent.given", "consent.withdrawn"], True)
    shown = run("webhooks", "list")[1] + run("doctor", "--release", "--json")[1]
    assert "planted" not in shown
    assert new["secret"] not in shown


def test_the_secret_is_shown_once_to_people_as_well(run: Run) -> None:
    status, text = run("webhooks", "add", CRM)
    assert status == 0
    assert "whsec_" in text
    assert "planted" not in text
    assert run("webhooks", "list")[1].count("none waits") == 1


def test_a_test_event_is_signed_and_its_answer_shown(
    run: Run, taken: tuple[str, list[tuple[bytes, dict[str, str]]]]
) -> None:
    url, came = taken
    new = json.loads(run("webhooks", "add", url, "--json", WEBHOOKS_PRIVATE="true")[1])
    status, text = run("webhooks", "test", new["id"], WEBHOOKS_PRIVATE="true")
    assert (status, text.startswith("HTTP 200 after")) == (0, True)
    assert Webhook(new["secret"]).verify(*came[0])["type"] == "webhook.test"
    refused = json.loads(run("webhooks", "test", new["id"], "--json")[1])
    assert (refused["ok"], refused["status"]) == (False, "not allowed")


def test_after_a_rotation_both_secrets_sign(run: Run, taken: tuple[str, list[tuple[bytes, dict[str, str]]]]) -> None:
    url, came = taken
    old = json.loads(run("webhooks", "add", url, "--json", WEBHOOKS_PRIVATE="true")[1])
    new = json.loads(run("webhooks", "rotate", old["id"], "--json")[1])
    assert new["secret"] != old["secret"]
    run("webhooks", "test", new["id"], WEBHOOKS_PRIVATE="true")
    for secret in (old["secret"], new["secret"]):
        Webhook(secret).verify(*came[0])


def test_what_was_given_up_is_told_by_doctor_and_replayed(run: Run, database_url: str) -> None:
    id = added(run)["id"]

    async def given_up() -> None:
        database = await connect(database_url, connections=1)
        await Events(database).note(*(NewEvent(EventType.REQUEST_DUE, 1, PERSON) for _ in range(3)))
        await _gave_up(database, id)
        await database.close()

    asyncio.run(given_up())
    checks = json.loads(run("doctor", "--release", "--json")[1])["checks"]
    (check,) = [check for check in checks if check["name"] == "events"]
    assert (check["ok"], "3 given up" in check["detail"]) == (False, True)
    assert listed(run)[0]["given_up"] == 3
    assert run("webhooks", "replay", id)[1] == "3 events are sent again.\n"
    assert run("webhooks", "replay", id)[1] == "Nothing was given up.\n"
    assert json.loads(run("webhooks", "replay", id, "--all", "--json")[1]) == {"replayed": 3}
    assert (listed(run)[0]["waiting"], listed(run)[0]["given_up"]) == (3, 0)


async def _gave_up(database: Database, id: str) -> None:
    await database.execute(
        "INSERT INTO deliveries (endpoint, xid, number, since, attempts, next_at, dead) "
        "SELECT $1, xid, number, 0, 20, 0, true FROM events",
        id,
    )
    await database.execute(
        "UPDATE endpoints SET (xid, number) = (SELECT xid, number FROM events ORDER BY 1 DESC, 2 DESC LIMIT 1)"
    )


def test_a_removed_endpoint_is_gone(run: Run) -> None:
    id = added(run)["id"]
    assert run("webhooks", "remove", id) == (0, "Removed.\n")
    assert run("webhooks", "list")[1] == "Events are sent nowhere.\n"
    assert json.loads(run("webhooks", "remove", id, "--json")[1])["ok"] is False


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("add", "http://crm.example.com/"), "https"),
        (("add", "https://10.0.0.1/"), "not public"),
        (("add", "crm"), "web address"),
        (("add", CRM, "--type", "consent.gone"), "consent.gone"),
        (("test", "x"), "webhooks list"),
        (("rotate", "00000000-0000-4000-8000-000000000000"), "webhooks list"),
    ],
)
def test_what_can_t_be_done_is_told_with_its_cure(run: Run, typed: tuple[str, ...], told: str) -> None:
    status, text = run("webhooks", *typed)
    assert status == 1
    assert told in text
    assert "; " in text
    assert "planted" not in text


def test_keys_of_another_installation_are_told(run: Run) -> None:
    added(run)
    status, text = run("webhooks", "list", SECRET_KEY="f" * 64)
    assert (status, "SECRET_KEY" in text) == (1, True)

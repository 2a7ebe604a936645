"""`doctor` and `migrate`: each thing that is missing or wrong is named with its cure, none by a traceback."""

import asyncio
import json
import time
from pathlib import Path

import pytest
import redis

from bot import paths
from bot.channels.simulator.graph import GraphSimulator
from bot.consent.deadlines import Calendar
from bot.consent.rights import Right
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.stores.postgres.connect import connect
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.requests import Requests
from tests.commands.shell import ANA, Run

NOBODY_LISTENS = "127.0.0.1:9"


def unwell(output: str) -> dict[str, str]:
    """What must be done, of `doctor --json`: the name of each check and its cure."""
    return {
        check["name"]: check["cure"] for check in json.loads(output)["checks"] if not check["ok"] and check["required"]
    }


def test_all_checks_pass_before_a_release(run: Run) -> None:
    code, output = run("doctor", "--release")
    assert code == 0, output
    assert "All is well." in output


def test_all_checks_pass_with_meta(run: Run, graph: GraphSimulator) -> None:
    code, output = run("doctor", "--json", WHATSAPP_TOKEN=graph.token, GRAPH_URL=graph.url)
    answer = json.loads(output)
    assert (code, answer["ok"]) == (0, True)
    assert {check["name"] for check in answer["checks"]} >= {
        "settings",
        "flows",
        "texts",
        "redis",
        "database",
        "whatsapp",
    }


@pytest.mark.parametrize(
    ("subscribed", "status", "told"),
    [
        (
            ["messages", "user_preferences", "messaging_handovers", "smb_message_echoes"],
            0,
            "a STOP said to Meta's agent",
        ),
        (["user_preferences"], 1, "subscribe to messages, standby"),
        ([], 1, "nothing that anybody writes is heard"),
    ],
)
def test_missing_webhook_subscriptions_are_reported(
    run: Run, graph: GraphSimulator, subscribed: list[str], status: int, told: str
) -> None:
    graph.app_secret, graph.fields = "secret", subscribed
    code, output = run("doctor", WHATSAPP_TOKEN=graph.token, GRAPH_URL=graph.url)
    assert code == status
    assert told in output
    assert "secret" not in output


def test_required_subscriptions_are_listed_when_meta_does_not_show_them(run: Run, graph: GraphSimulator) -> None:
    graph.app_secret = "another"
    code, output = run("doctor", WHATSAPP_TOKEN=graph.token, GRAPH_URL=graph.url)
    assert code == 0
    assert "is subscribed to messages, user_preferences, standby" in output


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"WHATSAPP_TOKEN": "expired"}, "190"),
        ({"WHATSAPP_PHONE_NUMBER_ID": "999999999999999"}, "100"),
        ({"GRAPH_URL": f"http://{NOBODY_LISTENS}/v26.0"}, "does not answer"),
        ({"WHATSAPP_TOKEN": None}, "not asked"),
    ],
)
def test_errors_from_meta_are_reported(
    run: Run, graph: GraphSimulator, wrong: dict[str, str | None], told: str
) -> None:
    code, output = run("doctor", **{"WHATSAPP_TOKEN": graph.token, "GRAPH_URL": graph.url} | wrong)
    assert code == 1
    assert told in output


def test_each_missing_setting_is_named_with_where_to_find_it(run: Run) -> None:
    code, output = run("doctor", "--release", "--json", WHATSAPP_TOKEN=None, WHATSAPP_APP_SECRET=None)
    assert code == 1
    found = unwell(output)
    assert found.keys() == {"WHATSAPP_TOKEN", "WHATSAPP_APP_SECRET"}
    assert "App settings > Basic > App secret" in found["WHATSAPP_APP_SECRET"]


def test_on_heroku_missing_add_ons_and_secret_key_are_reported(run: Run) -> None:
    code, output = run(
        "doctor", "--release", "--json", DYNO="run.1", REDIS_URL=None, DATABASE_URL=None, SECRET_KEY=None
    )
    assert code == 1
    assert unwell(output).keys() == {"REDIS_URL", "DATABASE_URL", "SECRET_KEY"}


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"REDIS_URL": f"redis://{NOBODY_LISTENS}"}, "redis"),
        ({"DATABASE_URL": f"postgresql://{NOBODY_LISTENS}/x"}, "database"),
        ({"DATABASE_URL": "postgresql://somebody@nowhere.invalid/x"}, "database"),
    ],
)
def test_an_unreachable_store_is_reported(run: Run, wrong: dict[str, str], name: str) -> None:
    code, output = run("doctor", "--release", "--json", **wrong)
    assert code == 1
    assert unwell(output).keys() == {name}


def test_doctor_and_migrate_both_report_a_missing_database(run: Run, database_url: str) -> None:
    wrong = database_url.replace("/test_", "/no_")
    code, output = run("doctor", "--release", "--json", DATABASE_URL=wrong)
    assert (code, set(unwell(output))) == (1, {"database"})
    code, output = run("migrate", DATABASE_URL=wrong)
    assert code == 1
    assert output.startswith("error: PostgreSQL is not available")


def test_an_unmigrated_database_is_reported_until_it_is_migrated(run: Run, empty_database_url: str) -> None:
    code, output = run("doctor", "--release", "--json", DATABASE_URL=empty_database_url)
    assert (code, unwell(output)) == (1, {"database": "run `python -m bot migrate`"})
    assert run("migrate", DATABASE_URL=empty_database_url)[0] == 0
    assert run("doctor", "--release", DATABASE_URL=empty_database_url)[0] == 0


def test_a_key_that_cannot_decrypt_the_data_is_reported(run: Run, database_url: str) -> None:
    async def known() -> None:
        database = await connect(database_url, connections=1)
        await Persons(database, Keyring(["0123456789abcdef" * 4])).create([Sender(phone=ANA)])
        await database.close()

    asyncio.run(known())
    assert run("doctor", "--release")[0] == 0
    code, output = run("doctor", "--release", "--json", SECRET_KEY="f" * 64)
    assert (code, set(unwell(output))) == (1, {"SECRET_KEY"})
    assert run("doctor", "--release", SECRET_KEY=f"{'f' * 64},{'0123456789abcdef' * 4}")[0] == 0


@pytest.mark.parametrize(("days_ago", "told"), [(28, "1 of 1 are due by "), (1, "1 wait, none is due within 7 days")])
def test_open_requests_are_reported_before_they_are_due(run: Run, database_url: str, days_ago: int, told: str) -> None:
    """After 28 days no month, nor Easter at its end, has more than 7 left."""

    async def asked() -> None:
        database = await connect(database_url, connections=1)
        keys = Keyring(["0123456789abcdef" * 4])
        (person,) = await Persons(database, keys).create([Sender(phone=ANA)])
        at = int(time.time()) - days_ago * 86400
        await Requests(database, keys).open(
            person, Right.ACCESS, at=at, inbound=b"m1", now=at, calendar=Calendar("DE", "Europe/Berlin")
        )
        await database.close()

    asyncio.run(asked())
    code, output = run("doctor", "--release")
    assert code == 0
    assert told in output


def test_a_redis_that_evicts_keys_is_reported(run: Run, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            code, output = run("doctor", "--release", "--json")
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert code == 1
    assert "noeviction" in unwell(output)["redis eviction"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"BUSINESS_FILE": "/no"}, "BUSINESS_FILE"),
        ({"REDIS_URL": "http://localhost"}, "REDIS_URL"),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "migrate", "web", "worker", "all", "chat"])
def test_a_wrong_setting_is_reported_without_a_traceback(
    run: Run, command: str, wrong: dict[str, str], told: str
) -> None:
    code, output = run(command, **wrong)
    assert code == 1
    assert f"error: {told}" in output
    assert "Traceback" not in output


def test_a_wrong_business_file_is_reported_with_the_key(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "business.toml"
    text = (paths.FLOWS / "business.toml").read_text("utf-8")
    broken.write_text(text.replace('category = "marketing"', 'category = "spam"'), "utf-8")
    for command in (["doctor", "--release"], ["worker"]):
        code, output = run(*command, BUSINESS_FILE=str(broken))
        assert code == 1
        assert "purposes.1.category" in output
        assert "Traceback" not in output

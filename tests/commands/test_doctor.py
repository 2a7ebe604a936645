"""`doctor` and `migrate`: each thing that is missing or wrong is named with its cure, none by a traceback."""

import asyncio
import json
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import redis

from bot import paths
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.webhooks import ACCOUNT_ID
from bot.commands.doctor import shown_list
from bot.consent.deadlines import Calendar
from bot.consent.rights import Right
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Check
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


@pytest.fixture
def business_file(tmp_path: Path) -> str:
    """The business.toml of a company that has filled in everything."""
    text = (paths.FLOWS / "business.toml").read_text("utf-8")
    for sample, own in (
        ("Blumen Haas", "Rosen Huber"),
        ("blumen-haas.example", "rosen-huber.de"),
        ("Marktplatz 1", "Am Hafen 2"),
        ("761 1234567", "40 7654321"),
        ("published = 2026-10-01", "published = 2025-10-01"),
    ):
        text = text.replace(sample, own)
    path = tmp_path / "business.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_the_untouched_sample_does_not_pass(run: Run) -> None:
    code, output = run("doctor", "--json")
    company = [check for check in json.loads(output)["checks"] if check["name"] == "company"]
    assert code == 1
    assert "controller.name: names Blumen Haas, the company of the sample" in [check["detail"] for check in company]
    assert all(check["required"] and not check["ok"] for check in company)


def test_all_checks_pass_with_meta(run: Run, graph: GraphSimulator, business_file: str) -> None:
    code, output = run("doctor", "--json", WHATSAPP_TOKEN=graph.token, GRAPH_URL=graph.url, BUSINESS_FILE=business_file)
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
    run: Run, graph: GraphSimulator, business_file: str, subscribed: list[str], status: int, told: str
) -> None:
    graph.app_secret, graph.fields = "secret", subscribed
    code, output = run("doctor", WHATSAPP_TOKEN=graph.token, GRAPH_URL=graph.url, BUSINESS_FILE=business_file)
    assert code == status
    assert told in output
    assert "secret" not in output


def test_required_subscriptions_are_listed_when_meta_does_not_show_them(
    run: Run, graph: GraphSimulator, business_file: str
) -> None:
    graph.app_secret = "another"
    code, output = run("doctor", WHATSAPP_TOKEN=graph.token, GRAPH_URL=graph.url, BUSINESS_FILE=business_file)
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
    run: Run, graph: GraphSimulator, business_file: str, wrong: dict[str, str | None], told: str
) -> None:
    here = {"WHATSAPP_TOKEN": graph.token, "GRAPH_URL": graph.url, "BUSINESS_FILE": business_file}
    code, output = run("doctor", **here | wrong)
    assert code == 1
    assert told in output


def test_where_webhooks_are_posted_is_told_and_a_subscription_that_is_off_counts_as_none(
    run: Run, graph: GraphSimulator, business_file: str
) -> None:
    graph.app_secret = "secret"
    here = {"WHATSAPP_TOKEN": graph.token, "GRAPH_URL": graph.url, "BUSINESS_FILE": business_file}
    assert "posted to https://consent.example/webhooks/whatsapp" in run("doctor", "--json", **here)[1]
    graph.active = False
    code, output = run("doctor", "--json", **here)
    assert (code, set(unwell(output))) == (1, {"webhook fields"})


def test_an_account_that_sends_its_webhooks_to_another_app_is_reported(
    run: Run, graph: GraphSimulator, business_file: str
) -> None:
    here = {"WHATSAPP_TOKEN": graph.token, "GRAPH_URL": graph.url, "BUSINESS_FILE": business_file}
    here |= {"WHATSAPP_BUSINESS_ACCOUNT_ID": ACCOUNT_ID}
    assert "the account sends its webhooks to this app" in run("doctor", **here)[1]
    graph.subscribed_apps = ["4711"]
    code, output = run("doctor", "--json", **here)
    assert (code, set(unwell(output))) == (1, {"account webhooks"})
    cure = unwell(output)["account webhooks"]
    assert cure.startswith("run `curl -X POST ")
    assert cure.endswith(f" {graph.url}/{ACCOUNT_ID}/subscribed_apps`")
    assert graph.token not in output
    with urlopen(
        Request(cure.split()[-1].rstrip("`"), method="POST", headers={"Authorization": f"Bearer {graph.token}"})
    ) as answer:
        assert json.load(answer) == {"success": True}
    assert run("doctor", **here)[0] == 0


def test_an_account_that_is_not_ours_is_told_in_meta_s_words(
    run: Run, graph: GraphSimulator, business_file: str
) -> None:
    here = {"WHATSAPP_TOKEN": graph.token, "GRAPH_URL": graph.url, "BUSINESS_FILE": business_file}
    code, output = run("doctor", **here, WHATSAPP_BUSINESS_ACCOUNT_ID="12345678")
    assert code == 0
    assert "Meta does not say who gets them: (#100)" in output
    assert "Object with this ID does not exist" in output


def test_meta_s_own_words_are_told_without_the_token_that_they_quote(run: Run, graph: GraphSimulator) -> None:
    for token in ("EAAGm0PX4ZCpsBAKZCZBZC9", "short-and-quoted"):
        code, output = run("doctor", WHATSAPP_TOKEN=token, GRAPH_URL=graph.url)
        assert code == 1
        assert "error 190: (#190) " in output
        assert "Malformed access token …" in output
        assert token not in output


WHOLE_LIST = {
    *("flows", "texts", "company", "business texts", "templates", "retention"),
    *("redis", "database", "requests", "events", "approved templates", "whatsapp"),
}
"""What every list of the doctor names, well or not."""


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, set()),
        ({"PORT": "http"}, {"PORT"}),
        ({"SECRET_KEY": "short"}, {"SECRET_KEY"}),
        ({"BUSINESS_FILE": "/no"}, {"BUSINESS_FILE"}),
        ({"APP_DIR": "/no"}, {"APP_DIR"}),
        ({"APP_FUNCTIONS": "nowhere:functions"}, {"APP_FUNCTIONS"}),
        ({"METRICS_PORT": "8000", "PORT": "8000"}, {"METRICS_PORT"}),
        ({"SECRET_KEY": f"'{'0123456789abcdef' * 4}'", "WHATSAPP_TOKEN": '"token"'}, {"SECRET_KEY", "WHATSAPP_TOKEN"}),
        ({"REDIS_URL": "http://localhost"}, {"REDIS_URL"}),
        ({"DATABASE_URL": "mysql://h/d"}, {"DATABASE_URL"}),
        ({"DATABASE_URL": "postgres://u@h/d?sslmode=bogus"}, {"DATABASE_TLS"}),
        ({"WHATSAPP_PHONE_NUMBER_ID": "+49 151"}, {"WHATSAPP_PHONE_NUMBER_ID"}),
        ({"GRAPH_URL": "http://graph.example", "SHARDS": "0", "BASE_URL": "x"}, {"GRAPH_URL", "SHARDS", "BASE_URL"}),
        ({"WHATSAPP_TOKEN": None, "SECRET_KEY": None}, {"WHATSAPP_TOKEN", "SECRET_KEY"}),
        ({"DYNO": "web.1", "REDIS_URL": None}, {"REDIS_URL"}),
        ({"REDIS_URL": f"redis://{NOBODY_LISTENS}", "DATABASE_URL": f"postgresql://{NOBODY_LISTENS}/x"}, set()),
    ],
    ids=lambda names: " ".join(sorted(names)) or "nothing",
)
def test_the_whole_list_is_told_whatever_is_wrong(
    run: Run, graph: GraphSimulator, wrong: dict[str, str | None], named: set[str]
) -> None:
    whole = {"WHATSAPP_TOKEN": graph.token, "GRAPH_URL": graph.url} | wrong
    code, output = run("doctor", "--json", **whole)
    told = json.loads(output)
    names = [check["name"] for check in told["checks"]]
    assert {name for name in WHOLE_LIST - set(names) if f"retention {name}" not in names} == set()
    assert {name for name in names if name.isupper() and name in unwell(output)} == named
    assert code == (1 if unwell(output) else 0)
    code_for_people, for_people = run("doctor", **whole)
    assert code_for_people == code
    assert [name for name in names if name not in for_people] == []


def test_a_wrong_address_of_a_store_starts_no_engine_of_ours(run: Run, var_dir: Path) -> None:
    code, _ = run("doctor", "--release", DATABASE_URL="mysql://h/d", REDIS_URL="http://h")
    assert code == 1
    assert list(var_dir.iterdir()) == []


def test_one_store_is_asked_although_the_other_s_address_is_wrong(run: Run) -> None:
    for wrong, well in (({"REDIS_URL": "http://h"}, "database"), ({"DATABASE_URL": "mysql://h/d"}, "redis")):
        _, output = run("doctor", "--release", "--json", **wrong)
        assert {check["name"]: check["ok"] for check in json.loads(output)["checks"]}[well]


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
@pytest.mark.parametrize("command", ["migrate", "web", "worker", "all", "chat"])
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


CHECKS = [
    Check("database", ok=True, detail="schema 0023"),
    Check("texts", ok=True, detail="offered: " + ", ".join(["pt-PT"] * 30)),
    Check(
        "WHATSAPP_PHONE_NUMBER_ID",
        ok=False,
        detail="is not an id of 5 to 20 digits",
        cure="run `python -m bot templates push --prune`, and later `python -m bot templates status`; then wait a day",
    ),
]


def test_the_list_lines_up_in_a_wide_terminal() -> None:
    lines = shown_list(CHECKS, width=90).splitlines()
    assert max(map(len, lines)) <= 90
    column = lines[0].index("schema")
    assert [line for line in lines if line[:1] == " " and line[:column].strip()] == []
    assert [line.index(word) for line, word in zip(lines, ("schema", "offered"), strict=False)] == [column] * 2


def test_the_list_is_read_in_a_narrow_terminal_without_a_line_that_begins_like_another() -> None:
    lines = shown_list(CHECKS, width=50).splitlines()
    assert max(map(len, lines)) <= 50
    assert {line[0] for line in lines} == {"✓", "✗", " "}
    assert [line for line in lines if line[0] == " " and line[:4].strip()] == []
    assert any("`python -m bot templates push --prune`" in line for line in lines)  # a command stays in one piece


def test_what_no_terminal_shows_is_not_wrapped() -> None:
    lines = shown_list(CHECKS, width=None).splitlines()
    assert len(lines) == 4
    assert lines[3].endswith("then wait a day")


def test_a_problem_is_not_told_with_the_name_of_its_setting_twice(run: Run) -> None:
    _, output = run("doctor", "--release", "--json", APP_FUNCTIONS="nowhere:functions")
    (check,) = [check for check in json.loads(output)["checks"] if check["name"] == "APP_FUNCTIONS"]
    assert check["detail"] == "there is no module nowhere"

"""No operator sees a traceback for a store that is not what we need: every command that uses stores, and each process.

`test_bad_configuration.py` has what is wrong with the settings, and the kinds of failures of a single command.
"""

import asyncio
import io
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.consent.erasure import Erasure, to_line
from bot.engines import Engines
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.stores.postgres import connect as postgres
from bot.stores.postgres.connect import connect
from bot.stores.postgres.persons import Persons
from tests.commands.test_bad_configuration import (
    ANA,
    FILES_ONLY,
    KEY,
    OF_THE_CODE,
    OWN_STORES,
    SERVING,
    TYPED,
    Environment,
    answering,
    check,
    problems_of,
    typed,
)
from tests.conftest import _database, _sql
from tests.free_port import free_port

USING_STORES = TYPED.keys() - FILES_ONLY - OF_THE_CODE - OWN_STORES - SERVING
NO_DATABASE = {"deadletter list", "deadletter replay", "ledger key"}
META_FIRST = {"templates diff", "templates push", "templates pull"}
LOCKING = {"person erase", "person withdraw", "person object", "person restrict", "person lift"}
"""They lock the person's session, after they recorded that somebody looked at it."""
REDIS = {"doctor", "rotate-keys", "retention", "deadletter list", "deadletter replay"} | LOCKING

CHANNEL = {
    "WHATSAPP_TOKEN": "token",
    "WHATSAPP_APP_SECRET": "secret",
    "WHATSAPP_VERIFY_TOKEN": "verify",
    "WHATSAPP_PHONE_NUMBER_ID": "200000000000002",
}
GONE = "127.0.0.1:9"
OTHERS = ("older", "empty")
"""Databases without our tables: with the version of an older program, or none."""


def commands(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return pytest.mark.parametrize("name", sorted(USING_STORES.difference(without)))


@pytest.fixture(scope="module")
def databases(shared_engines: Engines) -> Iterator[dict[str, str]]:
    """`OTHERS`, which no command changes."""
    for kind in OTHERS:
        _sql(shared_engines, f"CREATE DATABASE others_{kind}")
    urls = {kind: _database(shared_engines, f"others_{kind}") for kind in OTHERS}
    asyncio.run(_mark(urls["older"], "0001"))
    yield urls
    for kind in OTHERS:
        _sql(shared_engines, f"DROP DATABASE others_{kind} WITH (FORCE)")


async def _mark(url: str, revision: str) -> None:
    database = await connect(url, connections=1)
    await database.execute("CREATE TABLE alembic_version (version_num text)")
    await database.execute("INSERT INTO alembic_version VALUES ($1)", revision)
    await database.close()


@pytest.fixture
def away(var_dir: Path, redis_url: str) -> Environment:
    """Settings that lead to a Valkey, and to no database yet."""
    return {"REDIS_URL": redis_url, "SECRET_KEY": KEY, "VAR_DIR": str(var_dir)}


# --- commands


@commands("migrate", *NO_DATABASE)
def test_tables_of_an_older_version_are_reported_by_every_command(
    name: str, away: Environment, databases: dict[str, str]
) -> None:
    check(name, env={**away, "DATABASE_URL": databases["older"]})


@commands(*NO_DATABASE, *META_FIRST)
def test_a_postgresql_that_is_too_old_is_reported_by_every_command(
    name: str, away: Environment, databases: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OLDEST", 99)
    result = typed(name, env={**away, "DATABASE_URL": databases["empty"]})
    told = result.stdout if name == "doctor" else problems_of(result)[0]
    assert (result.exit_code, "use 99 or newer" in told) == (1, True)


@pytest.mark.parametrize(
    "answer", [b"-ERR unknown command 'XAUTOCLAIM'\r\n", b"-ERR Unknown Redis command called from script\r\n"]
)
@pytest.mark.parametrize("name", sorted(REDIS - LOCKING))
def test_a_redis_that_is_too_old_is_reported_by_every_command(
    name: str, answer: bytes, away: Environment, database_url: str
) -> None:
    with answering(answer) as address:
        env = {**away, "DATABASE_URL": database_url, "REDIS_URL": f"redis://{address}"}
        result = typed(name, env=env)
    told = result.stdout if name == "doctor" else problems_of(result)[0]
    assert (result.exit_code, "7.2 or newer" in told) == (1, True)


async def _known(url: str) -> str:
    database = await connect(url, connections=1)
    (person,) = await Persons(database, Keyring([KEY])).create([Sender(phone=ANA)])
    await database.close()
    return person


@commands("migrate")
def test_each_command_about_a_known_person_works_without_redis_or_reports_it(
    name: str, away: Environment, database_url: str
) -> None:
    asyncio.run(_known(database_url))
    env = {**away, "DATABASE_URL": database_url, "REDIS_URL": f"redis://{GONE}"}
    if name not in REDIS:
        result = typed(name, env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        assert "Redis" not in result.output
        return
    if name in LOCKING:
        problems_of(typed(name, after=("--json",), env=env), as_json=True)
        return
    check(name, env=env)


def test_without_redis_an_erasure_is_not_repeated_and_that_is_reported(
    away: Environment, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "erasures.jsonl"
    path.write_bytes(to_line(Erasure(asyncio.run(_known(database_url)), 1, "")))
    env = {**away, "DATABASE_URL": database_url, "REDIS_URL": f"redis://{GONE}"}
    (problem,) = problems_of(typed("replay-erasures", after=("--file", str(path)), env=env))
    assert "Redis is not available" in problem


# --- processes: they go on, as a store may come back, and say what to do


AWAY = {
    "an unreachable database": ("database", "DATABASE_URL"),
    "an unmigrated database": ("database", "migrate"),
    "an older database": ("database", "migrate"),
    "an unreachable redis": ("redis", "REDIS_URL"),
}
"""What is wrong → the check that finds it, and a word of its cure."""


@pytest.mark.parametrize("wrong", AWAY)
@pytest.mark.parametrize("name", sorted(SERVING))
def test_a_process_goes_on_without_a_store_and_says_what_to_do(
    name: str, wrong: str, away: Environment, databases: dict[str, str], database_url: str
) -> None:
    settings = {
        "an unreachable database": {"DATABASE_URL": f"postgresql://somebody@{GONE}/x"},
        "an unmigrated database": {"DATABASE_URL": databases["empty"]},
        "an older database": {"DATABASE_URL": databases["older"]},
        "an unreachable redis": {"DATABASE_URL": database_url, "REDIS_URL": f"redis://{GONE}"},
    }[wrong]
    result, answer = served(name, {**away, **CHANNEL, **settings})
    assert (result.exception, result.exit_code, "Traceback" in result.output) == (None, 0, False)
    found, cure = AWAY[wrong]
    if name != "worker":
        (check,) = [check for check in answer["checks"] if not check["ok"] and check["required"]]
        assert (answer["status"], check["name"], cure in check["cure"]) == ("not ready", found, True)
    if name != "web":  # which reaches a store only for a webhook
        assert any(cure in event["reason"] and event["cure"] for event in unavailable(result.stdout))


def served(name: str, env: Environment) -> tuple[Any, Mapping[str, Any]]:
    """Run a process until it has said what is wrong; return how it ended, and what /readyz answered."""
    port, ended = free_port(), threading.Event()
    answer: dict[str, Any] = {}

    def watch() -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end and not ended.wait(0.02):
            if name != "worker" and not answer:
                answer.update(ready(port))
            elif name == "web" or unavailable(captured()):
                break
        if not ended.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    watching = threading.Thread(target=watch)
    watching.start()
    result = typed(name, env={**env, "PORT": str(port)})
    ended.set()
    watching.join()
    return result, answer


def captured() -> str:
    """What the runner has captured so far of standard output; nothing before it begins."""
    output = sys.stdout.buffer
    return output.getvalue().decode() if isinstance(output, io.BytesIO) else ""


def ready(port: int) -> Mapping[str, Any]:
    """What /readyz answers; nothing as long as nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except OSError:
        return {}


def unavailable(log: str) -> list[Mapping[str, str]]:
    """The events of a log, in whole lines, that say that a store is away."""
    events = [json.loads(line) for line in log.splitlines(keepends=True) if line.endswith("}\n")]
    return [event for event in events if event["event"] == "store_unavailable"]

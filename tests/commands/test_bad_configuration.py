"""No operator sees a traceback for what they can cure: every command, through every bad configuration there is.

A new command is driven by itself: it fails here until `TYPED` says how it is typed.
"""

import asyncio
import json
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app import channels
from bot.app.load import load_world
from bot.commands.cli import app
from bot.consent import retention
from bot.errors import FileError
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.paths import FLOWS, LOCALES
from bot.stores.postgres.connect import connect
from bot.stores.postgres.persons import Persons
from tests.commands.test_commands import COMMANDS

KEY = "0123456789abcdef" * 4
ANA = "+447911123456"
ID = "00000000-0000-4000-8000-000000000000"

Environment = Mapping[str, str | None]

TYPED: Mapping[str, tuple[str, ...]] = {
    "demo": ("--once",),
    "init": ("/dev/null/shop",),
    "chat": (),
    "web": (),
    "worker": (),
    "all": (),
    "doctor": ("--release",),
    "migrate": (),
    "rotate-keys": (),
    "retention": (),
    "replay-erasures": (),
    "flows lint": (),
    "flows diagram": (),
    "flows reference": (),
    "i18n extract": (),
    "i18n update": (),
    "i18n confirm": (),
    "i18n init": ("nl",),
    "i18n check": (),
    "i18n assent": ("--output", "/dev/null"),
    "i18n collisions": ("--output", "/dev/null"),
    "i18n ordinary": (),
    "i18n compile": (),
    "i18n status": (),
    "i18n say": ("en", "yes"),
    "i18n pseudo": (),
    "i18n preview": ("--output", "/dev/null"),
    "ledger verify": (),
    "ledger show": (ANA,),
    "ledger checkpoint": (),
    "ledger consistency": ("1",),
    "ledger key": (),
    "ledger prove": (ANA,),
    "ledger bundle": (ANA, "--output", "/dev/null"),
    "ledger export": (),
    "person show": (ANA,),
    "person erase": (ANA, "--yes"),
    "person withdraw": (ANA, "--all", "--channel", "email", "--reason", "her mail"),
    "person object": (ANA, "--all", "--channel", "email", "--reason", "her mail"),
    "person restrict": (ANA, "--channel", "email", "--reason", "her mail"),
    "person lift": (ANA, "--channel", "email", "--reason", "her mail"),
    "requests list": (),
    "requests show": (ID,),
    "requests extend": (ID, "--reason", "much to do"),
    "requests close": (ID,),
    "tokens create": ("crm", "--scope", "read"),
    "tokens list": (),
    "tokens revoke": (ID,),
    "templates diff": (),
    "templates push": (),
    "templates status": (),
    "templates pull": (),
    "deadletter list": (),
    "deadletter replay": ("--all",),
    "webhooks add": ("https://crm.example.com/hook",),
    "webhooks list": (),
    "webhooks test": (ID,),
    "webhooks rotate": (ID,),
    "webhooks remove": (ID,),
    "webhooks replay": (ID,),
    "import": (str(Path(__file__).parents[1] / "data" / "consents.csv"), "--source", "a shop"),
    "consents list": ("--purpose", "offers"),
    "suppressions export": (),
    "suppressions add": (ANA, "--reason", "a letter"),
}
"""Command → what must be typed after it."""

SERVING = {"web", "worker", "all"}
"""They go on when a store is away: it may come back."""

OWN_STORES = {"demo", "chat"}
OF_THE_CODE = {"flows reference", "init"}
"""They read no setting: what they print or write is in the program."""

FILES_ONLY = {name for name in TYPED if name.startswith(("flows ", "i18n "))} - OF_THE_CODE
NO_TEXTS = {"flows lint", "flows diagram", "i18n assent", "i18n collisions", "i18n ordinary", "i18n say"}
REDIS = {"doctor", "rotate-keys", "retention", "deadletter list", "deadletter replay"}


def typed(name: str, *before: str, after: tuple[str, ...] = (), env: Environment) -> Any:
    """Type a command in an empty environment, but for these variables."""
    nothing = {one.upper(): None for one in channels.variables()}
    group, _, rest = name.partition(" ")
    words = [group, *before, *([rest] if rest else []), *TYPED[name], *after]
    return CliRunner().invoke(app, words, env={**nothing, "TERM": "dumb", "COLUMNS": "300", **env})


def is_cure(line: str) -> bool:
    """Whether a line has a cure that names a file, a setting, a store or a command of ours."""
    problem, _, cure = line.partition("; ")
    settings = "|".join(one.upper() for one in channels.variables())
    return bool(
        problem and cure and re.search(rf"\b({settings}|Redis|PostgreSQL|python -m bot)\b|/|\.toml|\.env", line)
    )


def problems_of(result: Any, *, as_json: bool = False) -> list[str]:
    """Return what an operator reads, after having seen that it is nothing but sentences with their cures."""
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    assert result.exit_code == 1, result.output
    if as_json:
        answer = json.loads(result.stdout)
        assert answer["ok"] is False
        lines = [f"{one['error']}; {one['cure']}" for one in answer["errors"]]
    else:
        lines = [line.removeprefix("error: ") for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == len(result.stderr.splitlines()), result.stderr
    assert lines
    assert [line for line in lines if not is_cure(line)] == []
    return lines


def takes_json(name: str) -> bool:
    return any("--json" in parameter.opts for parameter in COMMANDS[tuple(name.split(" "))].params)


def check(name: str, *before: str, env: Environment) -> None:
    """Type a command that must end with sentences, and once more for JSON where it is to be had."""
    result = typed(name, *before, env=env)
    if name in ("doctor", "flows lint") and result.stdout:
        assert result.exit_code == 1  # what they find is their answer: see their own tests
        return
    problems_of(result)
    if takes_json(name):
        problems_of(typed(name, *before, after=("--json",), env=env), as_json=True)


# --- every command


def test_every_command_has_a_sample_command_line() -> None:
    assert {" ".join(path) for path in COMMANDS} == TYPED.keys()


def commands(*without: set[str]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with every command, without those that a configuration does not touch."""
    names = [" ".join(path) for path in COMMANDS if " ".join(path) not in set().union(OF_THE_CODE, *without)]
    return pytest.mark.parametrize("name", names)


@pytest.fixture
def stores(redis_url: str, database_url: str, var_dir: Path) -> Environment:
    return {"REDIS_URL": redis_url, "DATABASE_URL": database_url, "SECRET_KEY": KEY, "VAR_DIR": str(var_dir)}


@commands(NO_TEXTS)
def test_a_wrong_setting_is_reported_with_its_cure(name: str) -> None:
    check(name, env={"PORT": "http", "SECRET_KEY": "short"})


@commands(NO_TEXTS)
def test_the_company_s_env_file_is_read_by_every_command(name: str, tmp_path: Path) -> None:
    """Each tells what is wrong in it, line by line."""
    (tmp_path / ".env").write_text("PORT=http\nSHARDS 3\n")
    env = {"APP_DIR": str(tmp_path)}
    told = typed(name, env=env).output
    assert "PORT: is not a whole number" in told or "✗ PORT" in told
    assert f"{tmp_path / '.env'}: line 2 sets no variable" in told
    check(name, env=env)


@commands(NO_TEXTS, {"migrate"})
def test_a_broken_business_file_is_reported_with_its_cure(name: str, stores: Environment, tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    file.write_text("[controller", "utf-8")
    check(name, env={**stores, "BUSINESS_FILE": str(file)})


# The commands without an option for the folder read flows and locales in the same call as business.toml: they report
# any `FileError` as they do above. That the broken files raise it is tested below, under "every file".


@pytest.mark.parametrize("name", sorted(FILES_ONLY - {"i18n assent", "i18n collisions", "i18n ordinary", "i18n say"}))
def test_a_broken_flow_is_reported_with_its_cure(name: str, tmp_path: Path) -> None:
    flows = Path(shutil.copytree(FLOWS, tmp_path / "flows"))
    (flows / "stop.toml").write_text("flow = ", "utf-8")
    if name.startswith("flows "):
        result = typed(name, after=("--folder", str(flows)), env={})
        assert (result.exit_code, "stop.toml" in result.output, "Traceback" in result.output) == (1, True, False)
        return
    check(name, "--flows", str(flows), env={})


READ_LANGUAGES = FILES_ONLY - {
    *(
        "flows lint",
        "flows diagram",
        "i18n extract",
        "i18n pseudo",
        "i18n assent",
        "i18n collisions",
        "i18n ordinary",
        "i18n say",
    )
}


@pytest.mark.parametrize("name", sorted(READ_LANGUAGES))
def test_a_broken_languages_toml_is_reported_with_its_cure(name: str, tmp_path: Path) -> None:
    (tmp_path / "languages.toml").write_text("[de]\nstatus = 5", "utf-8")
    (tmp_path / "keywords.toml").touch()
    check(name, "--locales", str(tmp_path), env={})


def test_saying_something_in_english_needs_no_languages_toml(tmp_path: Path) -> None:
    (tmp_path / "languages.toml").write_text("[de]\nstatus = 5", "utf-8")
    (tmp_path / "keywords.toml").touch()
    assert typed("i18n say", "--locales", str(tmp_path), env={}).exit_code == 0


@commands({"migrate"}, FILES_ONLY)
def test_a_broken_retention_toml_is_reported_with_its_cure(
    name: str, stores: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "retention.toml").write_text("[default", "utf-8")
    broken = partial(retention.figures.__wrapped__, tmp_path / "retention.toml")
    monkeypatch.setattr(retention, "figures", broken)
    check(name, env=stores)


@commands(FILES_ONLY, SERVING, OWN_STORES, {"deadletter list", "deadletter replay", "ledger key"})
def test_an_unreachable_database_is_reported_with_its_cure(name: str, stores: Environment) -> None:
    check(name, env={**stores, "DATABASE_URL": "postgresql://somebody@127.0.0.1:9/x"})


@commands(FILES_ONLY, SERVING, OWN_STORES, {"migrate", "deadletter list", "deadletter replay", "ledger key"})
def test_an_unmigrated_database_is_reported_with_its_cure(
    name: str, stores: Environment, empty_database_url: str
) -> None:
    check(name, env={**stores, "DATABASE_URL": empty_database_url})


@pytest.mark.parametrize("name", sorted(REDIS))
def test_an_unreachable_redis_is_reported_with_its_cure(name: str, stores: Environment) -> None:
    check(name, env={**stores, "REDIS_URL": "redis://127.0.0.1:9"})


@commands(FILES_ONLY)
def test_an_unwritable_var_dir_is_reported_with_its_cure(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check(name, env={"VAR_DIR": str(tmp_path / "file" / "var")})


@commands(FILES_ONLY, OWN_STORES, SERVING, {"doctor"})
def test_a_missing_heroku_database_is_reported_with_its_cure(name: str, tmp_path: Path) -> None:
    check(name, env={"DYNO": "run.1", "SECRET_KEY": KEY, "REDIS_URL": "redis://127.0.0.1:9", "VAR_DIR": str(tmp_path)})


@pytest.mark.parametrize("name", [" ".join(path) for path in COMMANDS])
def test_an_unknown_option_is_reported_with_its_cure(name: str) -> None:
    result = typed(name, after=("--colour",), env={})
    assert (result.exit_code, result.stdout) == (2, "")
    result = typed(name, after=("--colour", "--json"), env={})
    assert result.exit_code == 2
    (problem,) = json.loads(result.stdout)["errors"]
    assert "--colour" in problem["error"] or "--json" in problem["error"]
    assert "--help" in problem["cure"]


# --- every setting


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "0"),
        ("SHARDS", "many"),
        ("LOG_LEVEL", "LOUD"),
        ("MESSAGES_PER_SECOND", "-1"),
        ("INBOX_LIMIT", "0"),
        ("INBOX_MEGABYTES", "0"),
        ("TAKEOVER_SECONDS", "0"),
        ("CHECKPOINT_MINUTES", "0"),
        ("WHATSAPP_PHONE_NUMBER_ID", "+49 151 123"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "mine"),
        ("GRAPH_URL", "http://graph.example"),
        ("BASE_URL", "bot.example"),
        ("REDIS_URL", "https://redis.example"),
        ("REDIS_URL", "redis://h:port"),
        ("REDIS_URL", "redis://h?colour=red"),
        ("REDIS_CA", __file__),
        ("REDIS_TLS_VERIFY", "perhaps"),
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "postgresql://h:port/d"),
        ("DATABASE_CA", __file__),
        ("DATABASE_TLS", "on"),
        ("SECRET_KEY", "short"),
        ("BUSINESS_FILE", "/nowhere/business.toml"),
    ],
)
def test_each_wrong_setting_is_reported_by_its_name(stores: Environment, variable: str, value: str) -> None:
    (problem,) = problems_of(typed("requests list", after=("--json",), env={**stores, variable: value}), as_json=True)
    assert problem.startswith(f"{variable}: ")


def test_all_wrong_settings_are_reported_at_once(stores: Environment) -> None:
    wrong = {"PORT": "a", "GRAPH_URL": "graph", "SHARDS": "0"}
    problems = problems_of(typed("requests list", after=("--json",), env={**stores, **wrong}), as_json=True)
    assert {problem.partition(":")[0] for problem in problems} == set(wrong)


def test_a_port_in_use_is_reported(stores: Environment) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        told = typed("web", env={**stores, "PORT": str(port)}).stderr.splitlines()
    (problem,) = [line for line in told if line.startswith("error: ")]
    assert problem.startswith(f"error: PORT {port}: ")


def test_an_env_file_that_is_not_utf_8_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("PORT=8000".encode("utf-16"))
    (problem,) = problems_of(typed("requests list", env={}))
    assert problem.startswith(".env: ")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", None])
def test_a_damaged_secret_key_file_is_reported(var_dir: Path, redis_url: str, content: bytes | None) -> None:
    file = var_dir / "secret_key"
    file.mkdir() if content is None else file.write_bytes(content)
    problems_of(typed("requests list", env={"VAR_DIR": str(var_dir), "REDIS_URL": redis_url}))


# --- every way in which a store is not what we need


class _Answers(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(ConnectionError):  # whoever asked may be gone before the answer
            while asked := self.request.recv(4096):
                commands = 1 + asked.count(b"\r\n*")
                self.request.sendall(self.server.answer * commands)  # type: ignore[attr-defined]


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that gives the same answer to whatever it is asked; yields its address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answers) as server:
        server.daemon_threads = True
        server.answer = answer  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "url", "told"),
    [
        (HTTP, "redis://{}", "another language"),
        (HTTP, "rediss://{}", "cannot be reached"),
        (b"-WRONGPASS invalid username-password pair\r\n", "redis://a:b@{}", "login"),
        (b"-NOAUTH Authentication required.\r\n", "redis://{}", "REDIS_URL"),
        (b"-NOPERM no rights\r\n", "redis://{}", "rights"),
        (b"-ERR unknown command 'XAUTOCLAIM'\r\n", "redis://{}", "7.2"),
        (b"-ERR DB index is out of range\r\n", "redis://{}/99", "number"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "redis://{}", "reading its data"),
        (b"", "redis://nowhere.invalid", "cannot be reached"),
    ],
)
def test_each_kind_of_unusable_redis_is_reported(stores: Environment, answer: bytes, url: str, told: str) -> None:
    with answering(answer) as address:
        result = typed("deadletter list", env={**stores, "REDIS_URL": url.format(address)})
    (problem,) = problems_of(result)
    assert told in problem


@pytest.mark.parametrize(
    ("name", "answer", "more", "told"),
    [
        ("requests list", HTTP, {}, "DATABASE_URL"),
        ("requests list", HTTP, {"DATABASE_TLS": "require"}, "DATABASE_URL"),
        ("requests list", b"N", {"DATABASE_TLS": "require"}, "DATABASE_TLS"),
        ("requests list", HTTP, {"DATABASE_TLS": "disable"}, "DATABASE_URL"),
        ("migrate", HTTP, {}, "DATABASE_URL"),
        ("migrate", b"N", {"DATABASE_TLS": "require"}, "DATABASE_TLS"),
    ],
)
def test_a_server_without_postgresql_or_tls_is_reported(
    stores: Environment, name: str, answer: bytes, more: Environment, told: str
) -> None:
    with answering(answer) as address:
        result = typed(name, env={**stores, "DATABASE_URL": f"postgresql://a:b@{address}/x", **more})
    (problem,) = problems_of(result)
    assert told in problem


@pytest.mark.parametrize("name", ["requests list", "migrate"])
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [("postgres@", "nobody@", "login"), ("/test_", "/no_", "database"), ("?", "?colour=red&", "option")],
)
def test_each_refusal_by_postgresql_is_reported(stores: Environment, name: str, old: str, new: str, told: str) -> None:
    url = (stores["DATABASE_URL"] or "").replace(old, new, 1)
    (problem,) = problems_of(typed(name, env={**stores, "DATABASE_URL": url}))
    assert told in problem


@pytest.mark.parametrize(
    ("name", "revision", "cure"),
    [
        ("requests list", "0001", "migrate"),
        ("requests list", "9999", "install the version that migrated it"),
        ("migrate", "9999", "install the version that migrated it"),
    ],
)
def test_tables_of_another_version_are_reported(stores: Environment, name: str, revision: str, cure: str) -> None:
    async def changed() -> None:
        database = await connect(stores["DATABASE_URL"] or "", connections=1)
        await database.execute("UPDATE alembic_version SET version_num = $1", revision)
        await database.execute("ALTER TABLE requests RENAME TO others")
        await database.close()

    asyncio.run(changed())
    (problem,) = problems_of(typed(name, env=stores))
    assert cure in problem


# --- every file


WAYS: Mapping[str, bytes | None] = {
    "syntax": b"[x",
    "wrong type": b"flow = 5\ncontroller = 5\nstop = 5\nde = 5\ndefault = 5\n",
    "unknown key": b"colour = 'red'\n[xx]\ncolour = 'red'\n",
    "not UTF-8": b"x = '\xe4'",
    "UTF-16": "x = 'a'".encode("utf-16"),
    "empty": b"",
    "missing": None,
    "a folder": None,
}


def put_at(path: Path, way: str, content: bytes | None) -> None:
    """Put these bytes there, or a folder, or nothing."""
    if content is not None:
        path.write_bytes(content)
    elif way == "a folder":
        path.mkdir()


FINE = {
    ("keywords.toml", "empty"),
    ("en/keywords.toml", "empty"),
    ("en/keywords.toml", "missing"),
    ("ordinary.toml", "empty"),
    ("ordinary.toml", "missing"),
}
"""They may be like this."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "file",
    [
        "flows/business.toml",
        "flows/stop.toml",
        "languages.toml",
        "keywords.toml",
        "en/keywords.toml",
        "ordinary.toml",
        "retention.toml",
    ],
)
def test_each_file_broken_in_each_way_is_reported_by_its_path(tmp_path: Path, file: str, way: str) -> None:
    shutil.copytree(FLOWS, tmp_path / "flows")
    (tmp_path / "en").mkdir()
    (tmp_path / "languages.toml").write_text('[en]\nstatus = "offered"\n', "utf-8")
    shutil.copy(retention.FILE, tmp_path)
    for small in ("keywords.toml", "en/keywords.toml", "ordinary.toml"):
        (tmp_path / small).touch()
    path, content = tmp_path / file, WAYS[way]
    path.unlink()
    put_at(path, way, content)
    if "keywords" in file or "ordinary" in file:
        result = typed("i18n say", "--locales", str(tmp_path), after=("--json",), env={})
        problems = [] if (file, way) in FINE and result.exit_code == 0 else problems_of(result, as_json=True)
    else:
        problems = problems_in(tmp_path / "flows", tmp_path, tmp_path / "retention.toml")
    assert all(str(tmp_path) in problem for problem in problems)
    assert bool(problems) is ((file, way) not in FINE)


def problems_in(flows: Path, locales: Path = LOCALES, numbers: Path = retention.FILE) -> list[str]:
    """What the program finds wrong in its files when it starts, after having seen that each line has its cure."""
    try:
        load_world(flows, locales)
        retention.figures(numbers)
    except FileError as error:
        lines = str(error).splitlines()
        assert [line for line in lines if not is_cure(line)] == []
        return lines
    return []


def copy_two_languages(folder: Path) -> None:
    """Copy to `folder` what translators edit for two languages."""
    for name in ("languages.toml", "keywords.toml", "ordinary.toml", "bot.pot", "de", "en"):
        copy = shutil.copytree if (LOCALES / name).is_dir() else shutil.copy
        copy(LOCALES / name, folder / name)


TRANSLATORS: Mapping[str, bytes | None] = {**WAYS, "half a catalog": b'msgid "'}


@pytest.mark.parametrize("way", TRANSLATORS)
@pytest.mark.parametrize("file", ["de/tests.toml", "de/LC_MESSAGES/bot.po"])
def test_each_broken_file_of_a_translator_is_reported_by_its_path(tmp_path: Path, file: str, way: str) -> None:
    """`i18n check` tells what is wrong with it as a finding, and goes on to the others."""
    copy_two_languages(tmp_path)
    path, content = tmp_path / file, TRANSLATORS[way]
    path.unlink()
    put_at(path, way, content)
    result = typed("i18n check", "--locales", str(tmp_path), after=("de",), env={})
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert str(path) in result.output


@pytest.mark.parametrize("flow", [path.name for path in FLOWS.glob("*.toml")])
def test_each_broken_flow_is_reported_by_its_name(tmp_path: Path, flow: str) -> None:
    flows = Path(shutil.copytree(FLOWS, tmp_path / "flows"))
    (flows / flow).write_text("flow", "utf-8")
    (problem,) = problems_in(flows)
    assert f"{flow}: not valid TOML" in problem


def test_a_key_that_cannot_decrypt_the_data_is_reported(stores: Environment) -> None:
    async def known() -> str:
        database = await connect(stores["DATABASE_URL"] or "", connections=1)
        (person,) = await Persons(database, Keyring([KEY])).create([Sender(phone=ANA)])
        await database.close()
        return person

    result = CliRunner().invoke(app, ["person", "show", asyncio.run(known())], env={**stores, "SECRET_KEY": "f" * 64})
    (problem,) = problems_of(result)
    assert "no key of SECRET_KEY opens this" in problem


# --- programs


@pytest.mark.parametrize(
    "words", [("bot", "all"), ("bot.testing", "tests/conversations", "--flows", "{}")], ids=lambda words: words[0]
)
def test_programs_report_a_broken_business_file_in_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    flows = Path(shutil.copytree(FLOWS, tmp_path / "flows"))
    file = flows / "business.toml"
    file.write_text("[controller", "utf-8")
    command = [sys.executable, "-m", *(word.format(flows) for word in words)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"BUSINESS_FILE": str(file), "VAR_DIR": str(tmp_path)}, timeout=60
    )
    assert (done.returncode, "Traceback" in done.stdout) == (1, False)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {file}: not valid TOML")

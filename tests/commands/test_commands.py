"""The commands, as an operator types them, on real engines."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from typer.testing import CliRunner

from bot import __version__, paths
from bot.cli import app
from tests.service.dialogues import read_once

ANA = "+447911123456"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def environment(redis_url: str, database_url: str, var_dir: Path) -> dict[str, str | None]:
    return {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": "0123456789abcdef" * 4,
        "VAR_DIR": str(var_dir),
        "WHATSAPP_TOKEN": "token",
        "WHATSAPP_APP_SECRET": "secret",
        "WHATSAPP_VERIFY_TOKEN": "verify",
        "WHATSAPP_PHONE_NUMBER_ID": "200000000000002",
        "COLUMNS": "200",
        "TERM": "dumb",
    }


@pytest.fixture
def run(environment: dict[str, str | None]) -> Run:
    """Type a command; returns the exit status and what was printed."""

    def typed(*arguments: str, **more: str | None) -> tuple[int, str]:
        result = CliRunner().invoke(app, arguments, env=environment | more)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return typed


@pytest.fixture(autouse=True)
def _dialogues_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runtime.load_world", read_once)


@pytest.fixture(scope="module")
def _left_behind() -> Iterator[Path]:
    """What a conversation in `chat` left: Ana was subscribed, and is out again."""
    with tempfile.TemporaryDirectory(prefix="cb-", ignore_cleanup_errors=True) as folder:
        script = Path(folder) / "script.txt"
        script.write_text("# to be subscribed, and out again\nHi\nYES\n/2\nSTOP\n", "utf-8")
        arguments = ["chat", "--script", str(script), "--as", ANA]
        result = CliRunner().invoke(app, arguments, env={"VAR_DIR": folder, "TERM": "dumb"})
        assert result.exit_code == 0, result.output
        yield Path(folder) / "simulation"


@pytest.fixture
def talked(_left_behind: Path, run: Run) -> Run:
    """Commands that look at what a conversation in `chat` left."""

    def typed(*arguments: str) -> tuple[int, str]:
        return run(*arguments, REDIS_URL=None, DATABASE_URL=None, SECRET_KEY=None, VAR_DIR=str(_left_behind))

    return typed


def document(output: str) -> Any:
    """The JSON in what was printed, after the log lines."""
    lines = output.splitlines()
    first = next(number for number, line in enumerate(lines) if line in ("{", "["))
    return json.loads("\n".join(lines[first:]))


def test_without_arguments_it_shows_what_there_is(run: Run) -> None:
    _, output = run()
    for command in ("demo", "chat", "web", "worker", "all", "doctor", "ledger", "deadletter"):
        assert command in output


def test_it_tells_its_version(run: Run) -> None:
    assert run("--version") == (0, f"{__version__}\n")


class TestDoctor:
    def test_all_is_well_before_a_release(self, run: Run) -> None:
        code, output = run("doctor", "--release")
        assert code == 0, output
        assert "All is well." in output

    def test_it_reads_as_json(self, run: Run) -> None:
        code, output = run("doctor", "--release", "--json")
        answer = json.loads(output)
        assert (code, answer["ok"]) == (0, True)
        assert {check["name"] for check in answer["checks"]} >= {"settings", "flows", "texts", "redis", "database"}

    def test_each_missing_thing_is_named_with_its_cure(self, run: Run) -> None:
        code, output = run("doctor", "--release", WHATSAPP_TOKEN=None, WHATSAPP_APP_SECRET=None)
        assert code == 1
        assert "WHATSAPP_TOKEN" in output
        assert "App settings > Basic > App secret" in output

    def test_a_database_that_is_not_migrated_is_named(self, run: Run, empty_database_url: str) -> None:
        code, output = run("doctor", "--release", DATABASE_URL=empty_database_url)
        assert code == 1
        assert "python -m bot migrate" in output
        assert run("migrate", DATABASE_URL=empty_database_url)[0] == 0
        assert run("doctor", "--release", DATABASE_URL=empty_database_url)[0] == 0

    def test_an_evicting_redis_is_named(self, run: Run, redis_url: str) -> None:
        with redis.Redis.from_url(redis_url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            try:
                code, output = run("doctor", "--release")
            finally:
                client.config_set("maxmemory-policy", "noeviction")
        assert code == 1
        assert "noeviction" in output

    def test_meta_that_does_not_answer_is_named(self, run: Run) -> None:
        code, output = run("doctor", GRAPH_URL="http://127.0.0.1:9/v26.0")
        assert code == 1
        assert "does not answer" in output

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"PORT": "http"}, "PORT"),
            ({"SECRET_KEY": "short"}, "SECRET_KEY"),
            ({"BUSINESS_FILE": "/no"}, "BUSINESS_FILE"),
        ],
    )
    def test_a_wrong_setting_is_told_without_a_traceback(self, run: Run, wrong: dict[str, str], told: str) -> None:
        code, output = run("doctor", **wrong)
        assert code == 1
        assert f"error: {told}" in output
        assert "Traceback" not in output

    def test_a_wrong_business_file_is_told_with_its_key(self, run: Run, tmp_path: Path) -> None:
        broken = tmp_path / "business.toml"
        text = (paths.FLOWS / "business.toml").read_text("utf-8")
        broken.write_text(text.replace('category = "marketing"', 'category = "spam"'), "utf-8")
        code, output = run("doctor", "--release", BUSINESS_FILE=str(broken))
        assert code == 1
        assert "purposes.1.category" in output


class TestEvidence:
    def test_the_ledger_is_well(self, talked: Run) -> None:
        assert talked("ledger", "checkpoint")[0] == 0
        code, output = talked("ledger", "verify", "--json")
        assert (code, json.loads(output)) == (0, {"ok": True, "checked": 6, "first_bad": None})

    def test_its_story_is_told(self, talked: Run) -> None:
        code, output = talked("ledger", "show", ANA)
        assert code == 0
        assert "'STOP'" in output
        assert "https://blumen-haas.example/en/privacy" in output
        entries = document(talked("ledger", "show", ANA, "--json")[1])
        assert [entry["kind"] for entry in entries][:2] == ["requested", "given"]

    def test_a_person_is_shown_in_the_shape_that_scripts_read(self, talked: Run) -> None:
        code, output = talked("person", "show", ANA, "--json")
        known = document(output)
        assert code == 0
        assert known.keys() == {"person", "locale", "consents", "ledger", "requests"}
        assert {one["purpose"]: one["status"] for one in known["consents"]} == {
            "order_updates": "withdrawn",
            "offers": "withdrawn",
        }
        assert all({"kind", "purpose", "at"} <= entry.keys() for entry in known["ledger"])

    def test_it_is_proven_and_bundled(self, talked: Run, tmp_path: Path) -> None:
        talked("ledger", "checkpoint")
        assert "unchanged, in its place" in talked("ledger", "prove", ANA)[1]
        first, second = tmp_path / "1.zip", tmp_path / "2.zip"
        for path in (first, second):
            assert talked("ledger", "bundle", ANA, "-o", str(path))[0] == 0
        assert first.read_bytes() == second.read_bytes()

    def test_it_is_exported(self, talked: Run) -> None:
        rows = talked("ledger", "export", "--format", "csv")[1].splitlines()
        assert len(rows) == 7
        document = json.loads(talked("ledger", "export")[1])
        assert len(document["@graph"]) == 2

    @pytest.mark.parametrize("who", ["+447911999999", "GB.1", "019a0000-0000-7000-8000-000000000001", "Ana"])
    def test_an_unknown_person_is_told(self, talked: Run, who: str) -> None:
        code, output = talked("person", "show", who)
        assert code == 1
        assert "error:" in output
        assert who not in output


class TestChat:
    def test_somebody_without_a_number_chats_in_their_language(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("Hallo\nJA\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "DE.123", "--locale", "de")
        assert code == 0, output
        assert "Blumen Haas möchte Ihnen" in " ".join(output.replace("│", " ").split())

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--as", "0151"], "+4915112345678"),
            (["--locale", "xx"], "i18n init xx"),
            (["--script", "/no"], "can't be read"),
        ],
    )
    def test_a_wrong_argument_is_told_with_its_cure(self, run: Run, arguments: list[str], told: str) -> None:
        code, output = run("chat", *arguments)
        assert code == 1
        assert told in output


@pytest.mark.slow
def test_the_demo_plays_a_conversation_and_shows_its_evidence(run: Run) -> None:
    code, output = run("demo", "--once", REDIS_URL=None, DATABASE_URL=None, SECRET_KEY=None)
    assert code == 0, output
    assert "What the ledger keeps of it" in output
    for kind in ("requested", "given", "refused", "withdrawn"):
        assert kind in output


def test_dead_letters_are_listed_and_replayed(run: Run) -> None:
    assert run("deadletter", "list") == (0, "There are no dead letters.\n")
    assert run("deadletter", "replay", "--all") == (0, "0 replayed\n")
    assert run("deadletter", "replay")[0] == 2
    assert run("deadletter", "replay", "0:1-1")[0] == 1


def test_requests_are_listed(run: Run) -> None:
    assert run("requests", "list") == (0, "Nothing waits for an answer.\n")
    assert run("requests", "close", "nonsense")[0] == 1


def test_keys_rotate(run: Run) -> None:
    code, output = run("rotate-keys")
    assert (code, output.strip().startswith("0 persons renewed")) == (0, True)


def test_flows_are_linted_and_drawn(run: Run, tmp_path: Path) -> None:
    assert run("flows", "lint")[0] == 0
    assert "stateDiagram-v2" in run("flows", "diagram", "opt_in")[1]
    assert run("flows", "diagram", "nothing")[0] == 1
    assert run("flows", "lint", "--folder", str(tmp_path))[0] == 1

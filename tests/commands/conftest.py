"""An operator's shell: an environment with everything set, and a way to type commands in it."""

import asyncio
import logging
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot.channels.simulator.graph import GraphSimulator
from bot.commands.cli import app
from tests.commands.shell import ANA, Run


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Commands send logs to the standard error of their time, which is closed after the test."""
    root, ours = logging.getLogger(), logging.getLogger("bot")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    structlog.reset_defaults()


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
        for_scripts = "--json" in arguments or arguments[:2] == ("ledger", "export")
        return result.exit_code, result.stdout if for_scripts else result.output

    return typed


@pytest.fixture
def graph() -> Iterator[GraphSimulator]:
    """A Graph API beside the commands."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    graph = GraphSimulator()
    asyncio.run_coroutine_threadsafe(graph.start(), loop).result(60)
    yield graph
    asyncio.run_coroutine_threadsafe(graph.close(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
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

    def typed(*arguments: str, **more: str | None) -> tuple[int, str]:
        nothing = {"REDIS_URL": None, "DATABASE_URL": None, "SECRET_KEY": None}
        return run(*arguments, **nothing | {"VAR_DIR": str(_left_behind)} | more)

    return typed

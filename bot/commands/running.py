"""What all commands share: settings from the environment, the event loop, and errors told with their cure."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from .. import logs
from ..business import BusinessError
from ..conversation.flow_file import FlowError
from ..engines import EngineError, MissingSecretError
from ..errors import Unavailable
from ..i18n.catalogs import CatalogError
from ..i18n.texts import TextError
from ..keys import Undecipherable
from ..settings import Settings, SettingsError, load_settings
from ..words.intents import KeywordError

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]

_CURABLE = (
    BusinessError,
    CatalogError,
    EngineError,
    FlowError,
    KeywordError,
    MissingSecretError,
    SettingsError,
    TextError,
    Unavailable,
    Undecipherable,
)
"""Errors whose text tells an operator what to do; all others are the program's and show their place."""


def settings(**overrides: Any) -> Settings:
    """Read the environment, or end with what is wrong in it."""
    try:
        return load_settings(**overrides)
    except SettingsError as error:
        fail(str(error))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, or end with an error that can be cured. SIGTERM ends it in order, as Ctrl-C does.

    Standard output is for what was asked for, which scripts read; logs go to standard error, unless `work` decides.
    """
    logs.configure("WARNING", stream=sys.stderr)
    try:
        return uvloop.run(_interruptible(work))
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None
    except _CURABLE as error:
        fail(str(error))
    except BaseExceptionGroup as group:
        curable = group.subgroup(_CURABLE)
        if curable is None or len(curable.exceptions) < len(group.exceptions):
            raise
        fail("\n".join(str(error) for error in curable.exceptions))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _interruptible(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def fail(message: str) -> NoReturn:
    """End with a message on standard error and exit status 1."""
    for line in message.splitlines():
        typer.secho(f"error: {line}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)


def progress_bar() -> Progress:
    """Return a bar for long work: only somebody at a terminal sees it, on standard error."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def print_json(value: object) -> None:
    """Print one JSON document, for scripts."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")

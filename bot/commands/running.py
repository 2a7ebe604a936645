"""What all commands share: settings from the environment, the event loop, and errors reported with their cure."""

import asyncio
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
import uvloop
from rich.console import Console
from rich.progress import Progress
from typer.core import TyperCommand, TyperGroup

from .. import logs
from ..app import channels
from ..environment import ENV_FILE, Wrong
from ..errors import OperatorError, curable, problem_and_cure
from ..settings import Settings, load_settings
from ..settings import usable_settings as read_usable
from ..toml_file import decoded

T = TypeVar("T")

Codes = Annotated[list[str] | None, typer.Argument(metavar="[LANGUAGE]...", help="All languages when left out.")]
"""Languages that a command of translators is for."""

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]

_UsageError: Any = typer.BadParameter.__base__
"""Raised when a command is typed wrongly. Typer bundles a click of its own, so it has no better name."""


class Command(TyperCommand):
    """The only command of a program."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run what was typed."""
        _told(super().main, *args, **options)


class Commands(TyperGroup):
    """The commands of a program."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run what was typed."""
        _told(super().main, *args, **options)


def _told(main: Callable[..., Any], args: Sequence[str] | None = None, **options: Any) -> NoReturn:
    """Run what was typed and end the process. Curable errors are reported, as JSON if asked for.

    Any other error is a bug in the program: its traceback is for whoever fixes it.
    """
    typed = list(sys.argv[1:] if args is None else args)
    as_json = "--json" in typed[: typed.index("--") if "--" in typed else None]
    try:
        with _usage_told(as_json=as_json):
            status = main(typed, **options | {"standalone_mode": not as_json})
    except Exception as error:
        if not (found := curable(error)):
            raise
        tell([line for problem in found for line in str(problem).splitlines()], as_json=as_json)
        status = 1
    sys.exit(status)


@contextmanager
def _usage_told(*, as_json: bool) -> Iterator[None]:
    """Report a mistyped command to a script in JSON; typer tells people, with a hint to `--help`."""
    try:
        yield
    except _UsageError as error:
        if not as_json:
            raise
        typed = error.ctx.command_path if error.ctx else "the command"
        tell([f"{error.format_message().rstrip('.')}; see `{typed} --help`"], as_json=True)
        sys.exit(error.exit_code)


def tell(lines: Sequence[str], *, as_json: bool = False) -> None:
    """Print the problems: each as a line on standard error, or all in a single JSON document on standard output."""
    if as_json:
        parts = map(problem_and_cure, lines)
        print_json({"ok": False, "errors": [{"error": problem, "cure": cure} for problem, cure in parts]})
        return
    for line in lines:
        typer.secho(f"error: {line}", fg=typer.colors.RED, err=True)


def settings(**overrides: Any) -> Settings:
    """Read the environment. Raises `SettingsError`."""
    return load_settings(ENV_FILE, channels.models(), **overrides)


def usable_settings() -> tuple[Settings, Sequence[Wrong]]:
    """Read what can be used of the environment, and what cannot."""
    return read_usable(ENV_FILE, channels.models())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. SIGTERM ends it in order, as Ctrl-C does.

    Standard output is for results, which scripts read; warnings go to standard error as plain lines, unless `work`
    decides.
    """
    logs.configure("WARNING", stream=sys.stderr, plain=True)
    try:
        return uvloop.run(_interruptible(work))
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _interruptible(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def fail(message: str) -> NoReturn:
    """End with exit status 1 and a message: what is wrong, a semicolon, what to do."""
    raise OperatorError(message)


@contextmanager
def files_told() -> Iterator[None]:
    """Report files that can't be read or written."""
    try:
        yield
    except OSError as error:
        where = error.filename or "a file"
        raise OperatorError(f"{where}: {error.strerror}; name another, or see who may read and write it") from None


def at_terminal() -> bool:
    """Whether somebody can type; there is no standard input where it was closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def text_of(file: Path | None, *, most: int) -> str:
    """Return the text of a file of at most so many bytes, or of standard input. Raises `OperatorError`."""
    name = "standard input" if file is None else str(file)
    try:
        if file is None:
            content = sys.stdin.buffer.read(most + 1) if sys.stdin is not None else b""
        else:
            with file.open("rb") as opened:
                content = opened.read(most + 1)
    except OSError as error:
        fail(f"{name}: can't be read ({error.strerror}); name another file, or see who may read it")
    if len(content) > most:
        fail(f"{name}: is larger than {most} bytes; name a smaller file")
    return decoded(name, content)


def progress_bar() -> Progress:
    """Return a progress bar on standard error, shown only on a terminal."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def print_json(value: object) -> None:
    """Print one JSON document, for scripts."""
    document = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
    sys.stdout.write(_UNSEEN.sub(_escaped, document) + "\n")


def harmless(text: str) -> str:
    """Return a text of somebody else for a terminal: what would steer it, or reorder its lines, is spelled out.

    Further lines are marked as belonging to the text, so that it can't pass for our output.
    """
    lines = text.replace("\r\n", "\n").replace("\t", " ").split("\n")
    return "\n    │ ".join(_UNSEEN.sub(_escaped, line) for line in lines)


_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters but the line feed, and what sets the direction of what follows."""


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"

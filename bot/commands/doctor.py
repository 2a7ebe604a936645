"""`doctor` and `migrate`: is everything well, and bring the database up to date."""

import re
from collections.abc import Sequence
from textwrap import wrap
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ..app.checkup import checkup
from ..app.operators import bring_up_to_date
from ..environment import Wrong
from ..service.ports import Check
from ..settings import Settings
from .running import AsJson, print_json, run, usable_settings
from .running import settings as read_settings

_STYLE = {"✓": "green", "✗": "red", "!": "yellow"}

_WIDE = 72
"""Columns of a terminal in which there is room for names and texts side by side."""

_COLUMN = 32
"""Where the texts begin there at most; a longer name moves its own."""

_TIED = "\N{NO-BREAK SPACE}"

_command = re.compile("`[^`]+`")


def doctor(
    release: Annotated[
        bool, typer.Option("--release", help="Before a deploy: all but the questions to channels' providers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Report what is missing or wrong, with a cure for each. Exit status 1 if something must be done."""
    found = run(_found(*usable_settings(), release=release))
    if as_json:
        print_json({"ok": _well(found), "checks": [check.as_dict() for check in found]})
    else:
        _print(found)
    raise typer.Exit(0 if _well(found) else 1)


def migrate() -> None:
    """Create the database's tables, or bring them up to date."""
    run(bring_up_to_date(read_settings()))
    typer.echo("The database is up to date.")


async def _found(settings: Settings, wrong: Sequence[Wrong], *, release: bool) -> list[Check]:
    return [check async for check in checkup(settings, wrong, release=release)]


def _well(found: list[Check]) -> bool:
    return all(check.ok or not check.required for check in found)


def _print(found: list[Check]) -> None:
    console = Console(highlight=False)
    for line in shown_list(found, width=console.width if console.is_terminal else None).splitlines():
        console.print(Text(line[:1], _STYLE.get(line[:1], "")) + Text(line[1:]), soft_wrap=True)
    console.print("All is well." if _well(found) else "Something must be done: see ✗ above.")


def shown_list(found: Sequence[Check], *, width: int | None) -> str:
    """Return the list for a terminal of so many columns, or, without, one line for each text: whoever reads a log
    searches in it.

    What belongs to a check stands in a column of its own or, where there is no room for one, is indented.
    """
    names = max((len(check.name) for check in found), default=0)
    column = min(names + 4, _COLUMN) if width is None or width >= _WIDE else 4
    lines: list[str] = []
    for check in found:
        mark = "✓" if check.ok else "✗" if check.required else "!"
        begin = f"{mark} {check.name}".ljust(column - 2) + "  "
        lines += _wrapped(begin + check.detail, column, width)
        if not check.ok:
            lines += _wrapped(" " * column + check.cure, column, width)
    return "\n".join(lines)


def _wrapped(text: str, indent: int, width: int | None) -> list[str]:
    """Break a text at blanks, but no command between backticks: it is there to be copied."""
    if width is None:
        return [text]
    whole = _command.sub(lambda found: found[0].replace(" ", _TIED), text)
    lines = wrap(whole, max(width, 20), subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_TIED, " ") for line in lines]

"""`doctor` and `migrate`: is everything well, and bring the database up to date."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ..app.checkup import checkup
from ..app.operators import bring_up_to_date
from ..service.ports import Check
from ..settings import Settings, Wrong
from .running import AsJson, print_json, run, usable_settings
from .running import settings as read_settings

_MARK = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]![/]"}


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
    for check in found:
        mark = _MARK[check.ok or (None if not check.required else False)]
        console.print(f"{mark} [bold]{check.name}[/]  {escape(check.detail)}")
        if not check.ok:
            console.print(f"    {escape(check.cure)}", soft_wrap=True)
    console.print("All is well." if _well(found) else "Something must be done: see ✗ above.")

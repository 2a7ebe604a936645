"""`retention`: end and delete what policy no longer allows to keep, or report what falls due."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..app.operators import open_operators
from ..service.retention import AHEAD, Line
from ..settings import Settings
from .running import AsJson, fail, print_json, run
from .running import settings as read_settings

BUSY = "another process, e.g. a worker, is doing this already; let it finish"


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what falls due, now and soon.")] = False,
    as_json: AsJson = False,
) -> None:
    """End consents and delete data whose time is over, as a worker does once a day; or only report what would go."""
    if dry_run:
        lines = run(_report(read_settings()))
        if as_json:
            print_json([_as_dict(line) for line in lines])
        else:
            _print(lines)
        return
    done = run(_keep(read_settings(), quiet=as_json))
    if done is None:
        fail(BUSY)
    if as_json:
        print_json(done)
    else:
        typer.echo("Nothing older than policy is left." if any(done.values()) else "Nothing was due.")


async def _report(settings: Settings) -> list[Line]:
    async with open_operators(settings) as operators:
        return await operators.retention.report()


async def _keep(settings: Settings, *, quiet: bool) -> dict[str, int] | None:
    def told(what: str, count: int) -> None:
        if count and not quiet:
            typer.echo(f"{count:>8}  {what}")

    async with open_operators(settings) as operators:
        done = await operators.retention.keep(told)
    return None if done is None else {str(what): count for what, count in done.items()}


def _print(lines: Sequence[Line]) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0))
    heads = ("rule", "after", *(f"{days} days" if days else "now" for days in AHEAD), "first due", "held")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number > 1 else "left", no_wrap=number != 1)
    for line in lines:
        first = _day(line.first) if line.first is not None else "-"
        table.add_row(line.rule, line.after, *map(str, line.counts), first, str(line.held))
    console = Console(highlight=False)
    console.print(table)
    console.print()
    for line in lines:
        console.print(f"{line.rule} ({line.country}): {line.means}.", soft_wrap=True, markup=False)
        console.print(f"    {line.source}.", soft_wrap=True, markup=False)


def _as_dict(line: Line) -> dict[str, object]:
    return {
        "rule": line.rule,
        "after": line.after,
        "country": line.country,
        "source": line.source,
        "means": line.means,
        "due": {f"in_{days}_days" if days else "now": count for days, count in zip(AHEAD, line.counts, strict=True)},
        "held": line.held,
        "first_due": _day(line.first) if line.first is not None else None,
    }


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()

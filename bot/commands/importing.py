"""`import`: consents and suppressions from files of other programs."""

import csv
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from ..app.operators import Operators, open_operators
from ..service.operators import import_rows
from ..service.operators.import_formats import formats
from ..service.operators.imports import Outcome, Step, Terms
from ..settings import Settings
from .find import by
from .running import AsJson, fail, files_told, print_json, progress_bar, run
from .running import settings as read_settings

STANDARD_INPUT = Path("-")

_COLUMNS = ("row", "outcome", "purpose", "reason")

_TOLD = {
    "given": "counted as given: their evidence is confirmed",
    "claim": "recorded as claims, which allow nothing",
    "suppressed": "suppressed",
    "refused": "refused",
    "unchanged": "changed nothing",
}

Purposes = Annotated[
    list[str] | None,
    typer.Option(
        "--purpose", metavar="ID|NAME=ID", help="Of rows that name none; or what the file calls it. Repeatable."
    ),
]


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON Lines; - for standard input.")],
    source: Annotated[str, typer.Option("--source", help="Where the data comes from (GDPR Art. 14); recorded.")] = "",
    purpose: Purposes = None,
    format: Annotated[
        str, typer.Option("--format", help="Found out by the columns if left out: " + ", ".join(formats()) + ".")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; only report.")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="Write a line for each row here, as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import consents, as claims that allow nothing, and suppressions, which hold at once. Repeat it to go on."""
    if format and format not in formats():
        fail(f"there is no format {format!r}; write one of: {', '.join(formats())}")
    given = [one.partition("=") for one in purpose or ()]
    names = {name: id for name, equals, id in given if equals}
    terms = Terms(source, [name for name, equals, _ in given if not equals], names)
    settings = read_settings()
    with files_told():
        step = run(_imported(settings, file, terms, format or None, report, dry_run=dry_run))
    counts = step.counts if step else {}
    sha256 = step.sha256 if step else ""
    if as_json:
        rows = step.position if step else 0
        print_json({"ok": True, "dry_run": dry_run, "rows": rows, "outcomes": counts, "sha256": sha256})
        return
    typer.echo(f"{step.position if step else 0} rows{', and nothing was changed' if dry_run else ''}:")
    for what, told in _TOLD.items():
        if counts.get(what):
            typer.echo(f"  {counts[what]} {told}")
    if dry_run and sha256:
        typer.echo(f'for [[imports]] in business.toml: sha256 = "{sha256}"')


async def _imported(
    settings: Settings, file: Path, terms: Terms, format: str | None, report: Path | None, *, dry_run: bool
) -> Step | None:
    last: Step | None = None
    with ExitStack() as stack:
        write = _reporter(stack, report)
        bar = stack.enter_context(progress_bar())
        task = bar.add_task("Importing", total=None)
        async with open_operators(settings) as operators:
            async for step in _steps(operators, file, terms, format, dry_run=dry_run):
                for outcome in step.outcomes:
                    write(outcome)
                bar.update(task, completed=step.position, description=f"Importing … {step.position} rows")
                last = step
    return last


def _steps(operators: Operators, file: Path, terms: Terms, format: str | None, *, dry_run: bool) -> AsyncIterator[Step]:
    look = by("import")
    if file != STANDARD_INPUT:
        return operators.imports.file(file, terms, look, format=format, dry_run=dry_run)
    rows = import_rows.read("standard input", sys.stdin.buffer, format)
    return operators.imports.rows(rows, terms, look, dry_run=dry_run)


def _reporter(stack: ExitStack, path: Path | None) -> Callable[[Outcome], Any]:
    """Return what writes an outcome into the report, which an import that goes on continues."""
    if path is None:
        return lambda _: None
    file = stack.enter_context(path.open("a", encoding="utf-8", newline=""))
    table = csv.writer(file)
    if file.tell() == 0:
        table.writerow(_COLUMNS)
    return lambda outcome: table.writerow((outcome.row, outcome.what, outcome.purpose, outcome.why))

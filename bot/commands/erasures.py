"""`replay-erasures`: after a backup is restored, erase again everybody who was erased since it was made."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..app.operators import open_operators
from ..consent.erasure import Erasure, to_line
from ..service.operators.erasures import ListContent, ReplayErasures
from ..settings import Settings
from .running import AsJson, fail, print_json, progress_bar, run
from .running import settings as read_settings


@dataclass(frozen=True, slots=True)
class _Summary:
    """What a replay did."""

    erasures: int
    erased_again: int
    suppressions: int
    broken_lines: int


def replay_erasures(
    file: Annotated[
        Path | None, typer.Option("--file", help="The list to read; by default erasures.jsonl in VAR_DIR.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the whole list here instead (- is standard output).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """After restoring a backup: erase again everybody erased since, and suppress again what they withdrew.

    It reads the list and the table, and may be interrupted and run again. Run it before anything is sent.
    """
    listed, erasures, back = run(_replayed(read_settings(), file, write))
    summary = _Summary(
        erasures=sum(bool(erasure.person) for erasure in erasures),
        erased_again=back,
        suppressions=sum(len(erasure.suppressions) for erasure in erasures),
        broken_lines=listed.broken,
    )
    _tell(summary, listed.path, write, as_json=as_json)
    raise typer.Exit(1 if listed.broken else 0)


async def _replayed(
    settings: Settings, file: Path | None, write: Path | None
) -> tuple[ListContent, Sequence[Erasure], int]:
    """Return what the list holds, all erasures that are known, and how many persons were back."""
    async with open_operators(settings) as operators:
        listed = operators.erasures.listed(file)
        erasures = await operators.erasures.known(listed.erasures)
        if write is None:
            return listed, erasures, await _again(operators.erasures, erasures)
        if str(write) == "-":
            sys.stdout.writelines(to_line(erasure).decode() for erasure in erasures)
        else:
            operators.erasures.write(write, erasures)
        return listed, erasures, 0


async def _again(replay: ReplayErasures, erasures: Sequence[Erasure]) -> int:
    back = 0
    with progress_bar() as progress:
        task = progress.add_task("Erasing again", total=len(erasures))
        async for was_back in replay.replay(erasures):
            back += was_back
            progress.advance(task)
    return back


def _tell(summary: _Summary, path: Path, written: Path | None, *, as_json: bool) -> None:
    problem = f"{path}: {summary.broken_lines} lines of it are not whole"
    cure = "get them from another copy, then take them out"
    if as_json:
        print_json(
            {
                "ok": not summary.broken_lines,
                "erasures": summary.erasures,
                "erased_again": summary.erased_again,
                "suppressions": summary.suppressions,
                "broken_lines": summary.broken_lines,
                **({"errors": [{"error": problem, "cure": cure}]} if summary.broken_lines else {}),
            }
        )
        return
    if written is not None:
        told = f"Written to {written}: {summary.erasures} erasures, {summary.suppressions} suppressions."
        typer.echo(told, err=True)
    else:
        typer.echo(
            f"{summary.erasures} erasures known; {summary.erased_again} persons were back, and are erased again."
        )
        typer.echo(f"{summary.suppressions} suppressions are in force.")
    if summary.broken_lines:
        fail(f"{problem}; {cure}")

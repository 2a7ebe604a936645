"""`replay-erasures`: after a backup was restored, erase again whoever had been erased since it was made."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..app.runtime import Runtime, open_runtime
from ..consent.erasure import Erasure, merged, still_kept, to_line
from ..consent.retention import RuleName, policy
from ..service.rights.erase import replayed
from ..settings import Settings
from ..stores import erasure_list
from .running import AsJson, fail, print_json, progress_bar, run
from .running import settings as read_settings


@dataclass(slots=True)
class _Summary:
    """What a replay did."""

    erasures: int = 0
    erased_again: int = 0
    suppressions: int = 0
    broken_lines: int = 0


def replay_erasures(
    file: Annotated[
        Path | None, typer.Option("--file", help="The list to read; by default erasures.jsonl in VAR_DIR.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the whole list here instead (- is standard output).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """After restoring a backup: erase again whoever had been erased since, and suppress again what they withdrew.

    It reads the list and the table, and may be interrupted and run again. Run it before anything is sent.
    """
    settings = read_settings()
    path = file or settings.var_dir / erasure_list.NAME
    listed, broken = _read(path, needed=file is not None)
    summary = run(_replayed(settings, listed) if write is None else _written(settings, listed, write))
    summary.broken_lines = broken
    _tell(summary, path, write, as_json=as_json)
    raise typer.Exit(1 if broken else 0)


def _read(path: Path, *, needed: bool) -> tuple[list[Erasure], int]:
    try:
        return erasure_list.read(path)
    except FileNotFoundError:
        if needed:
            fail(f"{path}: there is no such file; correct --file")
        return [], 0
    except OSError as error:
        fail(f"{path}: can't be read ({error.strerror}); name another by --file")


async def _all(runtime: Runtime, listed: list[Erasure]) -> list[Erasure]:
    """Return every erasure with what is still to be kept of it: an old list does not bring back what has ended."""
    kept = policy(runtime.dialogue.world.business)[RuleName.SUPPRESSION].seconds
    whole = merged([*listed, *[one async for one in runtime.erasures.all()]])
    return [one for one in (still_kept(one, time.time(), kept) for one in whole) if one.person or one.suppressions]


async def _written(settings: Settings, listed: list[Erasure], path: Path) -> _Summary:
    async with open_runtime(settings) as runtime:
        erasures = await _all(runtime, listed)
    if str(path) == "-":
        sys.stdout.writelines(to_line(one).decode() for one in erasures)
        return _counted(erasures)
    try:
        erasure_list.write(path, erasures)
    except OSError as error:
        fail(f"{path}: can't be written ({error.strerror}); name another by --write")
    return _counted(erasures)


async def _replayed(settings: Settings, listed: list[Erasure]) -> _Summary:
    async with open_runtime(settings) as runtime:
        erasures = await _all(runtime, listed)
        summary = _counted(erasures)
        with progress_bar() as progress:
            task = progress.add_task("Erasing again", total=len(erasures))
            async for back in replayed(erasures, runtime.erasures, runtime.persons, runtime.erase):
                summary.erased_again += back
                progress.advance(task)
    return summary


def _counted(erasures: list[Erasure]) -> _Summary:
    persons = sum(bool(one.person) for one in erasures)
    return _Summary(persons, suppressions=sum(len(one.suppressions) for one in erasures))


def _tell(summary: _Summary, path: Path, written: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ok": not summary.broken_lines,
                "erasures": summary.erasures,
                "erased_again": summary.erased_again,
                "suppressions": summary.suppressions,
                "broken_lines": summary.broken_lines,
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
        typer.secho(
            f"{summary.broken_lines} lines of {path} are not whole: get them from another copy, then take them out.",
            fg=typer.colors.RED,
            err=True,
        )

"""`make bench`: measures and reports; ends with status 1, and without figures, when a message was lost."""

import dataclasses
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from bot.engines import EngineError
from tests.benchmarks.measure import DEFAULT, FULL, QUICK, measure
from tests.benchmarks.programs import NotStarted
from tests.benchmarks.report import as_json, show
from tests.benchmarks.stage import Unreliable


def main(
    quick: Annotated[bool, typer.Option("--quick", help="Half a minute: enough to see what is far off.")] = False,
    full: Annotated[bool, typer.Option("--full", help="A million persons; a quarter of an hour or more.")] = False,
    persons: Annotated[int | None, typer.Option(min=1, help="Persons that the large stores hold.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="How often all is measured.")] = None,
    peer_python: Annotated[
        Path, typer.Option(help="The Python of a venv with aiogram, redis[hiredis] and uvloop.")
    ] = DEFAULT.peer_python,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with each measurement.")] = False,
) -> None:
    """Measure what a message costs, beside the bare limit of the same work in the same run."""
    plan = QUICK if quick else FULL if full else DEFAULT
    plan = dataclasses.replace(
        plan, crowd=persons or plan.crowd, rounds=rounds or plan.rounds, peer_python=peer_python.absolute()
    )
    progress = Console(stderr=True, highlight=False)
    try:
        findings = measure(plan, lambda what: progress.print(f"[dim]{what} …[/]"))
    except (Unreliable, NotStarted, EngineError) as error:
        progress.print(f"[red]no figures:[/] {error}")
        raise typer.Exit(1) from None
    if json:
        typer.echo(orjson.dumps(as_json(findings), option=orjson.OPT_INDENT_2))
    else:
        show(findings)


if __name__ == "__main__":
    typer.run(main)

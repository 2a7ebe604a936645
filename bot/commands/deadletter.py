"""`deadletter`: what could not be processed, and giving it another try."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ..app.operators import open_operators
from ..service.operators.dead_letters import LetterLine, Replayed
from ..settings import Settings
from ..times import iso
from .running import AsJson, fail, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the dead letters: when, what kind, and why. What they hold is not shown."""
    letters = run(_letters(read_settings()))
    if as_json:
        print_json([letter.as_dict() for letter in letters])
        return
    for letter in letters:
        typer.echo(f"{letter.id}  {iso(letter.at)}  {letter.kind:8}  {letter.reason}")
    typer.echo(f"{len(letters)} dead letters" if letters else "There are no dead letters.")


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="From `deadletter list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Give dead letters another try once the cause is fixed: they go back to where they came from."""
    if bool(ids) is everything:
        raise typer.BadParameter("name some ids, or --all")
    what = run(_replayed(read_settings(), None if everything else set(ids or ())))
    left = f", {what.left} left as they are (see `deadletter list`)" if what.left else ""
    typer.echo(f"{what.done} replayed{left}")
    if what.unknown:
        fail(f"there is no dead letter {', '.join(sorted(what.unknown))}; see `deadletter list`")
    raise typer.Exit(1 if what.left else 0)


async def _letters(settings: Settings) -> Sequence[LetterLine]:
    async with open_operators(settings) as operators:
        return await operators.dead_letters.waiting()


async def _replayed(settings: Settings, wanted: set[str] | None) -> Replayed:
    async with open_operators(settings) as operators:
        return await operators.dead_letters.replay(wanted)

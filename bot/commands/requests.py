"""`requests`: what people asked for about their data, the deadlines, and noting the answers."""

from datetime import date
from typing import Annotated

import typer

from ..app.operators import open_operators
from ..consent.requests import Request, State
from ..service.operators.requests import KnownRequest, Waiting, as_dict
from ..settings import Settings
from ..times import iso
from .find import by
from .running import AsJson, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="From `requests list`.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="The reason given to the person.")]


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List what still waits for an answer, the most urgent first."""
    waiting = run(_waiting(read_settings()))
    if as_json:
        print_json([as_dict(request) for request in waiting.requests])
        return
    for request in waiting.requests:
        typer.echo(f"{request.id}  {request.right:13}  due {request.due}  {_left(request.due, waiting.today)}")
    typer.echo(f"{len(waiting.requests)} requests wait" if waiting.requests else "Nothing waits for an answer.")


@app.command()
def show(id: Id, as_json: AsJson = False) -> None:
    """Show a request and all its steps."""
    known = run(_known(read_settings(), id))
    if as_json:
        print_json(known.as_dict())
        return
    request = known.request
    typer.echo(f"{request.right} of person {request.person}: {request.state}, due {request.due}")
    if known.details:
        typer.echo(f"  in their words: {known.details}")
    if known.erased_at:
        cure = "; close it: none of their data is left" if request.state.is_open else ""
        typer.echo(f"  the person was erased at {iso(known.erased_at)}{cure}")
    for step in known.steps:
        typer.echo(f"  {iso(step.at)}  {step.state:9} by {step.actor}  {step.reason}".rstrip())


@app.command(name="extend")
def extend_(id: Id, reason: ReasonOption) -> None:
    """Give a request two more months; the person must be told why within the first month (GDPR Art. 12(3))."""
    changed = run(_extended(read_settings(), id, reason))
    typer.echo(f"Extended: due {changed.due}. Tell the person the reason now.")


@app.command(name="close")
def close_(
    id: Id,
    reason: ReasonOption = "",
    refused: Annotated[bool, typer.Option("--refused", help="Refused, with the reason (GDPR Art. 12(4)).")] = False,
) -> None:
    """Note that a request was answered, or refused."""
    changed = run(_closed(read_settings(), id, State.REFUSED if refused else State.DONE, reason))
    typer.echo(f"Noted: {changed.state}.")


async def _waiting(settings: Settings) -> Waiting:
    async with open_operators(settings) as operators:
        return await operators.requests.waiting()


async def _known(settings: Settings, id: str) -> KnownRequest:
    async with open_operators(settings) as operators:
        return await operators.requests.show(id, by("requests show"))


async def _extended(settings: Settings, id: str, reason: str) -> Request:
    async with open_operators(settings) as operators:
        return await operators.requests.extend(id, reason, by("requests extend"))


async def _closed(settings: Settings, id: str, state: State, reason: str) -> Request:
    async with open_operators(settings) as operators:
        return await operators.requests.close(id, state, reason, by("requests close"))


def _left(due: date, today: date) -> str:
    days = (due - today).days
    return f"{days} days left" if days >= 0 else f"OVERDUE by {-days} days"

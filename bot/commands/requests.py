"""`requests`: what people asked for about their data, by when it must be answered, and answering it."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Annotated, NoReturn
from uuid import UUID

import typer

from ..app.runtime import Runtime, open_runtime
from ..consent.deadlines import Calendar, TooLate
from ..consent.requests import NotPossible, Request, State, close, extend
from ..service.ports import ChangedMeanwhile, PersonId
from ..settings import Settings
from ..stores.postgres.requests import Step
from ..times import iso, iso_if_any
from .running import AsJson, fail, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="From `requests list`.")]
Reason = Annotated[str, typer.Option("--reason", help="What the person is told.")]


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List what still waits for an answer, the most urgent first."""
    waiting, today = run(_waiting(read_settings()))
    if as_json:
        print_json([as_dict(request) for request in waiting])
        return
    for request in waiting:
        typer.echo(f"{request.id}  {request.right:13}  due {request.due}  {_left(request.due, today)}")
    typer.echo(f"{len(waiting)} requests wait" if waiting else "Nothing waits for an answer.")


@app.command()
def show(id: Id, as_json: AsJson = False) -> None:
    """Show a request and every step that it took."""
    request, steps, details, erased_at = run(_found(read_settings(), id))
    if as_json:
        more = {"details": details, "erased_at": iso_if_any(erased_at), "steps": [_step(step) for step in steps]}
        print_json(as_dict(request) | more)
        return
    typer.echo(f"{request.right} of person {request.person}: {request.state}, due {request.due}")
    if details:
        typer.echo(f"  in their words: {details}")
    if erased_at:
        cure = "; close it: nothing of theirs is left" if request.state.is_open else ""
        typer.echo(f"  the person was erased at {iso(erased_at)}{cure}")
    for step in steps:
        typer.echo(f"  {iso(step.at)}  {step.state:9} by {step.actor}  {step.reason}".rstrip())


@app.command(name="extend")
def extend_(id: Id, reason: Reason) -> None:
    """Give a request two months more; the person must be told why within the first month (GDPR Art. 12(3))."""
    changed = run(_extended(read_settings(), id, reason))
    typer.echo(f"Extended: due {changed.due}. Tell the person the reason now.")


@app.command(name="close")
def close_(
    id: Id,
    reason: Reason = "",
    refused: Annotated[bool, typer.Option("--refused", help="Refused, with the reason (GDPR Art. 12(4)).")] = False,
) -> None:
    """Note that a request was answered, or refused."""
    changed = run(_closed(read_settings(), id, State.REFUSED if refused else State.DONE, reason))
    typer.echo(f"Noted: {changed.state}.")


async def _waiting(settings: Settings) -> tuple[list[Request], date]:
    """Return what waits, and the day that it is where the controller is: there the due day ends."""
    async with open_runtime(settings) as runtime:
        return await runtime.requests.waiting(), _calendar(runtime).day_of(time.time())


def _calendar(runtime: Runtime) -> Calendar:
    return Calendar.of(runtime.dialogue.world.business.controller)


async def _found(settings: Settings, id: str) -> tuple[Request, Sequence[Step], str, int | None]:
    """Return a request, its steps, the person's words, and when the person was erased."""
    async with open_runtime(settings) as runtime:
        request, steps = await _one(runtime, id)
        erased_at = await runtime.erasures.erased_at(PersonId(request.person))
        return request, steps, await runtime.requests.details(request.id), erased_at


async def _one(runtime: Runtime, id: str) -> tuple[Request, Sequence[Step]]:
    try:
        found = await runtime.requests.find(str(UUID(id)))
    except ValueError:
        _unknown()
    return found or _unknown()


def _unknown() -> NoReturn:
    fail("there is no such request; see `requests list`")


async def _extended(settings: Settings, id: str, reason: str) -> Request:
    async with open_runtime(settings) as runtime:
        request, _ = await _one(runtime, id)
        try:
            after = extend(request, reason, time.time(), _calendar(runtime))
        except (NotPossible, TooLate) as error:
            fail(str(error))
        return await _changed(runtime, request, after, reason)


async def _closed(settings: Settings, id: str, state: State, reason: str) -> Request:
    async with open_runtime(settings) as runtime:
        request, _ = await _one(runtime, id)
        try:
            after = close(request, state, reason)
        except NotPossible as error:
            fail(str(error))
        return await _changed(runtime, request, after, reason)


async def _changed(runtime: Runtime, before: Request, after: Request, reason: str) -> Request:
    try:
        await runtime.requests.change(before, after, actor="operator", reason=reason, now=time.time())
    except ChangedMeanwhile as error:
        fail(str(error))
    return after


def as_dict(request: Request) -> dict[str, object]:
    """Return a request for JSON."""
    return {
        "id": request.id,
        "person": request.person,
        "right": request.right,
        "received_at": iso(request.received_at),
        "due": request.due.isoformat(),
        "state": request.state,
    }


def _step(step: Step) -> dict[str, object]:
    return {"at": iso(step.at), "state": step.state, "actor": step.actor, "reason": step.reason}


def _left(due: date, today: date) -> str:
    days = (due - today).days
    return f"{days} days left" if days >= 0 else f"OVERDUE by {-days} days"

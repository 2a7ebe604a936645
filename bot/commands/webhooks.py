"""`webhooks`: the company's own systems that events are sent to."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ..app.operators import open_operators
from ..service.operators.endpoints import EndpointLine, ManageEndpoints, WithSecret
from ..settings import Settings
from .running import AsJson, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)

T = TypeVar("T")

Id = Annotated[str, typer.Argument(metavar="ID", help="From `webhooks list`.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https:// address that takes POST requests.")],
    type: Annotated[
        list[str] | None, typer.Option("--type", help="Only these events, e.g. consent.given; may be repeated.")
    ] = None,
    with_address: Annotated[
        bool, typer.Option("--with-address", help="Tell the person's number or BSUID as well.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send events to an endpoint from now on. Prints its secret, which is shown this once."""
    _show(
        _do(read_settings(), lambda endpoints: endpoints.add(url, types=type or (), with_address=with_address)),
        as_json=as_json,
    )


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the endpoints, how many events each still has to get, and how it answered last."""
    lines = _do(read_settings(), lambda endpoints: endpoints.list())
    if as_json:
        print_json([line.as_dict() for line in lines])
        return
    for line in lines:
        typer.echo(_told(line))
    if not lines:
        typer.echo("Events are sent nowhere.")


@app.command(name="test")
def try_(id: Id, as_json: AsJson = False) -> None:
    """Send a signed test event now; exit status 1 unless it is taken."""
    tried = _do(read_settings(), lambda endpoints: endpoints.test(id))
    if as_json:
        print_json({"ok": tried.ok, "status": tried.status, "seconds": round(tried.seconds, 3)})
    else:
        typer.echo(f"{tried.status} after {tried.seconds:.3f} s")
    raise typer.Exit(0 if tried.ok else 1)


@app.command()
def rotate(id: Id, as_json: AsJson = False) -> None:
    """Give an endpoint a new secret. For a day the old secret signs as well: change it there meanwhile."""
    _show(_do(read_settings(), lambda endpoints: endpoints.rotate(id)), as_json=as_json)


@app.command()
def remove(id: Id, as_json: AsJson = False) -> None:
    """Send nothing there any more, and forget what waits for it."""
    _do(read_settings(), lambda endpoints: endpoints.remove(id))
    if as_json:
        print_json({"ok": True})
    else:
        typer.echo("Removed.")


@app.command()
def replay(
    id: Id,
    all: Annotated[bool, typer.Option("--all", help="Everything still kept, also what it has got.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send again what was given up; a worker does it."""
    count = _do(read_settings(), lambda endpoints: endpoints.replay(id, all=all))
    if as_json:
        print_json({"replayed": count})
    else:
        typer.echo(f"{count} events are sent again." if count else "Nothing was given up.")


def _do(settings: Settings, work: Callable[[ManageEndpoints], Awaitable[T]]) -> T:
    async def done() -> T:
        async with open_operators(settings) as operators:
            return await work(operators.endpoints)

    return run(done())


def _show(new: WithSecret, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": new.id, "secret": new.secret})
        return
    typer.echo(f"Endpoint {new.id}")
    typer.echo(f"Secret   {new.secret}")
    typer.echo("Keep the secret where the endpoint checks signatures: it is not shown again.")


def _told(line: EndpointLine) -> str:
    wanted = ", ".join(line.types) or "all events"
    address = ", with address" if line.with_address else ""
    backlog = line.backlog
    waits = f"{backlog.waiting} wait, the oldest for {backlog.oldest:.0f} s" if backlog.waiting else "none waits"
    given_up = f"; {backlog.dead} given up" if backlog.dead else ""
    answered = f"; answered last: {backlog.status}" if backlog.status else ""
    return f"{line.id}  {line.host}  {wanted}{address}  {waits}{given_up}{answered}"

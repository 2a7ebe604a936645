"""`requests`: what people asked for about their data, the deadlines, and answering them."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

import typer

from ..app.operators import Operators, open_operators
from ..consent.answers import Because, Said
from ..consent.requests import Request, State
from ..paths import COMMAND
from ..service.operators.find import Look
from ..service.operators.reach import Reach
from ..service.operators.requests import Answered, KnownRequest, Waiting, as_dict
from ..settings import Settings
from ..times import iso
from .find import by, typed
from .running import AsJson, harmless, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)

Id = Annotated[
    list[str],
    typer.Argument(metavar="ID|ADDRESS", help="From `requests list`; or a number or BSUID, for their only request."),
]
BecauseOption = Annotated[
    Because | None, typer.Option("--because", help="The reason, told in the person's own language.")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="More about it, or another reason: told as you type it, marked as your words.")
]
ToldOption = Annotated[
    str, typer.Option("--told", metavar="HOW", help="You told them yourself, e.g. 'by phone': nothing is sent.")
]


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
    """Show a request with all its steps, whose it is, and how to answer them. The look is recorded."""
    known = run(_known(read_settings(), typed(id)))
    if as_json:
        print_json(known.as_dict())
        return
    request = known.request
    typer.echo(f"{request.right} of person {request.person}: {request.state}, due {request.due}")
    if known.details:
        typer.echo(f"  in their words: {harmless(known.details)}")
    if known.erased_at:
        cure = "; close it: none of their data is left" if request.state.is_open else ""
        typer.echo(f"  the person was erased at {iso(known.erased_at)}{cure}")
    for line in _reached(known.reach, request):
        typer.echo(f"  {line}")
    for step in known.steps:
        typer.echo(f"  {iso(step.at)}  {step.state:9} by {step.actor}  {harmless(step.reason)}".rstrip())


@app.command(name="extend")
def extend_(id: Id, because: BecauseOption = None, reason: ReasonOption = "", told: ToldOption = "") -> None:
    """Give a request two more months, and tell the person why, within the first month (GDPR Art. 12(3))."""
    done = run(_answered(read_settings(), typed(id), State.EXTENDED, Said(because, reason), told, "requests extend"))
    typer.echo(f"Extended: due {done.request.due}. {_told(done, told)}")


@app.command(name="close")
def close_(
    id: Id,
    because: BecauseOption = None,
    reason: ReasonOption = "",
    refused: Annotated[bool, typer.Option("--refused", help="Refused, with the reason (GDPR Art. 12(4)).")] = False,
    told: ToldOption = "",
) -> None:
    """Close a request as answered or refused, and tell the person in their language what became of it, and why.

    If they can't be told in the chat, it stays open and you are told why.
    """
    outcome = State.REFUSED if refused else State.DONE
    done = run(_answered(read_settings(), typed(id), outcome, Said(because, reason), told, "requests close"))
    typer.echo(f"Noted: {done.request.state}. {_told(done, told)}")


async def _waiting(settings: Settings) -> Waiting:
    async with open_operators(settings) as operators:
        return await operators.requests.waiting()


async def _known(settings: Settings, text: str) -> KnownRequest:
    async with open_operators(settings) as operators:
        id, look = await _named(operators, text, "requests show")
        return await operators.requests.show(id, look)


async def _answered(settings: Settings, text: str, outcome: State, said: Said, told: str, command: str) -> Answered:
    async with open_operators(settings) as operators:
        id, look = await _named(operators, text, command)
        return await operators.requests.answer(id, outcome, said, look, told=told)


async def _named(operators: Operators, text: str, command: str) -> tuple[str, Look]:
    look = by(command)
    return await operators.find.request_id(text, look), look


def _told(done: Answered, told: str) -> str:
    """Return what the person knows of it, as a sentence."""
    if told:
        return f"You told them {told}."
    return (
        f"They are not told: {done.untold}."
        if done.untold
        else f"They are told; `{COMMAND} requests show {done.request.id}` shows whether it arrived."
    )


def _reached(reach: Reach, request: Request) -> Iterator[str]:
    """Yield how the person can be answered."""
    addresses = [address for address in reach.sender.addresses if address]
    if addresses:
        language = f", in {reach.locale}" if reach.locale else ""
        yield f"their address: {' or '.join(addresses)}{language}"
    for fate in reach.last:
        yield f"last {fate.what}, {iso(fate.at)}: {fate.became}"
    if reach.wrote_at:
        yield f"they last wrote at {iso(reach.wrote_at)}"
    if request.state.is_open:
        yield from _how(reach, request, addresses)


def _how(reach: Reach, request: Request, addresses: Sequence[str]) -> Iterator[str]:
    """Yield how an open request is answered."""
    if not reach.withheld:
        yield f"answer in the chat until {iso(reach.window_ends)}: `{COMMAND} requests close {request.id} --reason …`"
        return
    yield f"no answer in the chat: {reach.why_not}"
    if addresses:
        other = "call" if reach.sender.phone else "wait until they write, or use what you know of them elsewhere"
        yield f"{other}; then `{COMMAND} requests close {request.id} --told …`"


def _left(due: date, today: date) -> str:
    days = (due - today).days
    return f"{days} days left" if days >= 0 else f"OVERDUE by {-days} days"

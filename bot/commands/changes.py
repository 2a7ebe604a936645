"""`person withdraw | object | restrict | lift`: what persons said outside of the chat."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import uuid4

import typer

from ..app.operators import Operators, open_operators
from ..consent.outside import Way
from ..errors import OperatorError
from ..service.operators.changes import Noted, Told
from ..service.operators.find import Looked
from ..settings import Settings
from .find import Address, all_records
from .running import AsJson, print_json, run
from .running import settings as read_settings

Purposes = Annotated[list[str] | None, typer.Option("--purpose", help="Id of a purpose; several may be given.")]
Everything = Annotated[bool, typer.Option("--all", help="All purposes.")]
Channel = Annotated[Way, typer.Option("--channel", help="How the person said it.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in your words; recorded, and readable only with their key.")]

Change = Callable[[Operators, Looked, Told], Awaitable[Noted]]


def withdraw(
    address: Address,
    channel: Channel,
    reason: Why,
    purpose: Purposes = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Record that a person withdrew their consent outside of the chat (GDPR Art. 7(3)). It is in force at once."""
    named = _named(purpose, everything)

    def change(use: Operators, who: Looked, told: Told) -> Awaitable[Noted]:
        return use.changes.withdraw(who, named, told)

    _note(address, "person withdraw", channel, reason, as_json, change)


def object_(
    address: Address,
    channel: Channel,
    reason: Why,
    purpose: Purposes = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Record that a person objected to the use of their data (GDPR Art. 21), to be answered within a month."""
    named = _named(purpose, everything)

    def change(use: Operators, who: Looked, told: Told) -> Awaitable[Noted]:
        return use.changes.object(who, named, told)

    _note(address, "person object", channel, reason, as_json, change)


def restrict(address: Address, channel: Channel, reason: Why, as_json: AsJson = False) -> None:
    """Restrict the use of a person's data (GDPR Art. 18): nothing is sent to them until they lift it."""
    _note(address, "person restrict", channel, reason, as_json, lambda use, who, told: use.changes.restrict(who, told))


def lift(address: Address, channel: Channel, reason: Why, as_json: AsJson = False) -> None:
    """End the restriction, as the person wishes."""
    _note(address, "person lift", channel, reason, as_json, lambda use, who, told: use.changes.lift(who, told))


def _named(purposes: list[str] | None, everything: bool) -> list[str] | None:
    """Return the purposes; None means all of them."""
    if bool(purposes) is everything:
        raise OperatorError("it is not clear which consents are meant; type either --purpose or --all")
    return purposes or None


def _note(address: list[str], command: str, way: Way, reason: str, as_json: bool, change: Change) -> None:
    noted = run(_noted(read_settings(), address, command, Told(way.method, str(uuid4())), reason, change))
    recorded = [entry.purpose for entry in noted.entries]
    if as_json:
        print_json({"recorded": recorded, "request": noted.request.id if noted.request else None})
        return
    typer.echo(f"Recorded for: {', '.join(recorded)}." if recorded else "The ledger says so already.")
    if noted.request:
        typer.echo(f"It is a request: answer it until {noted.request.due}, then close {noted.request.id}.")


async def _noted(
    settings: Settings, address: list[str], command: str, told: Told, reason: str, change: Change
) -> Noted:
    async with open_operators(settings) as operators:
        looked = await all_records(operators.find, address, command, reason)
        return await change(operators, looked, told)

"""Finds the person that an operator names."""

import getpass
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

import structlog
import typer

from ..app.runtime import Runtime
from ..channels.whatsapp import limits
from ..messages.inbound import Sender
from ..numbers import typed, visible
from ..service.ports import PersonId
from .running import fail

log = structlog.get_logger(__name__)

WAYS = "a phone number such as +4915112345678, a BSUID such as DE.123, or a person's id"

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help=f"{WAYS[:1].upper()}{WAYS[1:]}.")]

EntryOrAddress = Annotated[
    str, typer.Argument(metavar="ADDRESS|ENTRY", help=f"{WAYS[:1].upper()}{WAYS[1:]}; or the number of an entry.")
]

_MOST = 2**63 - 1
"""The greatest number that an entry can have."""


@dataclass(frozen=True, slots=True)
class Named:
    """Whom an operator named."""

    person: PersonId
    sender: Sender = field(default=Sender(), repr=False)
    """The address that was typed, with country code; empty when they were named otherwise."""
    entry: int | None = None
    """The number of the entry that was typed; None when they were named otherwise."""


async def found(runtime: Runtime, address: str, command: str) -> PersonId:
    """Return the person whose one record is wanted, or end with what is wrong; other records of theirs are named.

    That somebody looks by `command` is recorded.
    """
    person = (await named(runtime, address, command)).person
    for other in await records_of(runtime, person):
        if other != person:
            typer.echo(f"The same person has another record, to be asked for by its id: {other}", err=True)
    return person


async def all_found(runtime: Runtime, address: str, command: str) -> list[PersonId]:
    """Return all records of the person, the one that goes on first, or end with what is wrong.

    That somebody looks by `command` is recorded.
    """
    return await records_of(runtime, (await named(runtime, address, command)).person)


async def records_of(runtime: Runtime, person: PersonId) -> list[PersonId]:
    """Return the ids of all records of the person to whom one belongs, the one that goes on first."""
    known = (await runtime.persons.load([person])).get(person)
    owner = known.id if known else person
    return [owner, *await runtime.persons.merged(owner)]


async def named(runtime: Runtime, text: str, command: str) -> Named:
    """Return whom an operator names by an address, an id or an entry, or end with what to type instead.

    That somebody looks by `command` is recorded.
    """
    senders = read_address(text, runtime.dialogue.world.business.controller.country)
    who = await _by_addresses(runtime, senders) or await _otherwise(runtime, text)
    if who is None or not (await runtime.persons.load([who.person]) or await runtime.ledger.facts([who.person])):
        fail(f"nobody is known by this address, and no entry has this number; type {WAYS}")
    await runtime.reads.note(who.person, command, getpass.getuser(), time.time())
    log.warning("operator_read", person=who.person)
    return who


def read_address(text: str, country: str) -> list[Sender]:
    """Return the addresses that somebody may mean who typed or pasted `text`, the likeliest first.

    `country`: two letters; its numbers may be typed as they are dialled there. Empty when it is no address.
    """
    if limits.bsuid(bsuid := visible(text)):
        return [Sender(bsuid=bsuid)]
    return [Sender(phone=number) for number in typed(text, country) if limits.phone(number)]


def _entry_in(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text) <= _MOST else None


async def _by_addresses(runtime: Runtime, senders: Sequence[Sender]) -> Named | None:
    """Return whose one of the addresses is. Ends when that is not clear: nobody is shown, or erased, by mistake."""
    known = {sender: who for sender in senders if (who := await _by_address(runtime, sender.addresses[0]))}
    if len(set(known.values())) > 1:
        fail("different people have numbers that are written like this: type it with + and the country's code")
    return next((Named(person, sender) for sender, person in known.items()), None)


async def _by_address(runtime: Runtime, address: str) -> PersonId | None:
    """Return whose the address is; if nobody's, who was erased under it last.

    Everybody else who was erased under it is named: their proof is still found, by their id.
    """
    person = (await runtime.persons.find([address])).get(address)
    erased = await runtime.erasures.proofs(address)
    owner = person or next(iter(erased), None)
    for other in erased:
        if other != owner:
            typer.echo(f"Under this address a person was erased before; their proof: {other}", err=True)
    return owner


async def _otherwise(runtime: Runtime, text: str) -> Named | None:
    if (sequence := _entry_in(text)) is not None:
        owner = await runtime.ledger.owner(sequence)
        return Named(owner, entry=sequence) if owner else None
    try:
        return Named(PersonId(str(UUID(text.strip()))))
    except ValueError:
        return None

"""Finds the person that an operator names."""

import getpass
import time
from typing import Annotated
from uuid import UUID

import structlog
import typer

from bot.channels.whatsapp import limits
from bot.commands.running import fail
from bot.conversation.inbound import Sender
from bot.runtime import Runtime
from bot.service.ports import PersonId

log = structlog.get_logger(__name__)

Address = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="A phone number such as +4915112345678, a BSUID, or a person's id.")
]

EntryOrAddress = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS|ENTRY",
        help="A phone number such as +4915112345678, a BSUID, a person's id, or the number of an entry.",
    ),
]

_MOST = 2**63 - 1
"""The greatest number that an entry can have."""


async def found(runtime: Runtime, address: str, command: str) -> PersonId:
    """Return the person, or end with what is wrong. That somebody looks by `command` is recorded."""
    if _is_address(address):
        person = await _by_address(runtime, address)
    elif (sequence := entry_in(address)) is not None:
        person = await runtime.ledger.owner(sequence)
    else:
        person = _by_id(address)
    if person is None or not (await runtime.persons.load([person]) or await runtime.ledger.facts([person])):
        fail("nobody is known by this address, and no entry has this number")
    await runtime.reads.note(person, command, getpass.getuser(), time.time())
    log.warning("operator_read", person=person)
    return person


def entry_in(text: str) -> int | None:
    """Return the number of the entry that was named; None when something else was."""
    return int(text) if text.isascii() and text.isdecimal() and int(text) <= _MOST else None


def _is_address(text: str) -> bool:
    return bool(limits.phone(text) or limits.bsuid(text))


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


def sender_of(address: str) -> Sender:
    """Return what an operator typed, as the address that it is; of a person's id there is none."""
    if limits.phone(address):
        return Sender(phone=address)
    return Sender(bsuid=address) if limits.bsuid(address) else Sender()


def _by_id(text: str) -> PersonId:
    try:
        return PersonId(str(UUID(text)))
    except ValueError:
        fail("no phone number such as +4915112345678, no BSUID such as DE.123, no person's id and no entry's number")

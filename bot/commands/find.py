"""What commands about a person have in common: naming the person, and recording the look."""

import getpass
from typing import Annotated

import typer

from ..app.operators import WAYS
from ..service.operators.find import Find, Look, Looked

_SPELLINGS = "A number may be spelled in any way, spaces and all"

Address = Annotated[list[str], typer.Argument(metavar="ADDRESS", help=f"{WAYS[:1].upper()}{WAYS[1:]}. {_SPELLINGS}.")]
"""All words are one address: whoever pastes `+44 7911 123456` need not quote it."""

EntryOrAddress = Annotated[
    list[str],
    typer.Argument(
        metavar="ADDRESS|ENTRY", help=f"{WAYS[:1].upper()}{WAYS[1:]}; or the number of an entry. {_SPELLINGS}."
    ),
]


def typed(words: list[str]) -> str:
    """Return an address as it was typed."""
    return " ".join(words)


def by(command: str, reason: str = "") -> Look:
    """Return who looks, by which command, and why."""
    return Look(operator=getpass.getuser(), way=command, reason=reason)


async def all_records(find: Find, address: list[str], command: str, reason: str = "") -> Looked:
    """Find all records of a person; the look is recorded."""
    looked = await find.person(typed(address), by(command, reason))
    for erased in looked.erased_before:
        typer.echo(f"Under this address a person was erased before; their proof: {erased}", err=True)
    return looked


async def one_record(find: Find, address: list[str], command: str) -> Looked:
    """Find only the named record of a person, and print the ids of the others; the look is recorded."""
    looked = await all_records(find, address, command)
    for other in looked.other_records:
        typer.echo(f"The same person has another record, to be asked for by its id: {other}", err=True)
    return looked

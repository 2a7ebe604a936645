"""`ledger checkpoint|key|prove|bundle|export`: evidence for others, to be checked without trusting us."""

import csv
import sys
import time
from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from ..app.runtime import Runtime, open_runtime
from ..consent.export import COLUMNS, Event, Party, Processing, as_json_ld, as_rows
from ..consent.lifecycle import fold
from ..consent.retention import RuleName, policy
from ..consent.verifier import NotProven, check_evidence
from ..conversation.world import World
from ..i18n.places import place_name
from ..service.operators.evidence import bundle as zipped
from ..service.ports import PersonId
from ..settings import Settings
from ..stores.postgres.evidence import evidence
from ..stores.postgres.story import StoryEntry
from .find import Address, EntryOrAddress, all_found, found
from .running import AsJson, fail, print_json, run
from .running import settings as read_settings


def checkpoint() -> None:
    """Sign the ledger's tree now, and print the signed checkpoint. A worker does it every CHECKPOINT_MINUTES."""
    typer.echo(run(_checkpoint(read_settings())), nl=False)


async def _checkpoint(settings: Settings) -> str:
    async with open_runtime(settings) as runtime:
        while await runtime.checkpoints.advance(time.time()):
            pass
        return await runtime.checkpoints.newest() or "The ledger is empty.\n"


def consistency(
    size: Annotated[
        int,
        typer.Argument(metavar="SIZE", help="The records that the older checkpoint counts: its second line.", min=1),
    ],
) -> None:
    """Print the proof that the newest tree only added to an older one, for the verifier's --proof."""
    print_json(run(_consistency(read_settings(), size)))


async def _consistency(settings: Settings, size: int) -> list[str]:
    async with open_runtime(settings) as runtime:
        try:
            return [step.hex() for step in await runtime.checkpoints.consistency(size)]
        except IndexError:
            fail(f"there was never a tree of {size} records; see the second line of your checkpoint")


def key() -> None:
    """Print the public key that checkpoints are signed with: publish it, and give it to auditors."""
    typer.echo(run(_key(read_settings())))


async def _key(settings: Settings) -> str:
    async with open_runtime(settings) as runtime:
        return runtime.keys.signers[0].public_key.hex()


def prove(address: EntryOrAddress, as_json: AsJson = False) -> None:
    """Check one person's records and their proofs; with --json print them, for the offline verifier.

    Of an entry, all records of its person are proven: each includes the one before it.
    """
    proven, findings = run(_proven(read_settings(), address))
    if as_json:
        print_json(proven)
        return
    for finding in findings:
        typer.echo(finding)


async def _proven(settings: Settings, address: str) -> tuple[dict[str, Any], list[str]]:
    async with open_runtime(settings) as runtime:
        proven = await _evidence(runtime, await found(runtime, address, "ledger prove"))
        try:
            return proven, check_evidence(proven, bytes.fromhex(proven["public_key"]))
        except NotProven as error:
            fail(str(error))


async def _evidence(runtime: Runtime, person: PersonId) -> dict[str, Any]:
    return await evidence(runtime.database, runtime.keys, runtime.checkpoints, person)


def bundle(
    address: Address,
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip to write.")] = Path("evidence.zip"),
) -> None:
    """Write everything that proves one person's consents to an authority, with the program that checks it."""
    content = run(_bundle(read_settings(), address))
    try:
        output.touch(0o600)
        output.write_bytes(content)
    except OSError as error:
        fail(f"{output}: can't be written ({error.strerror})")
    typer.echo(f"Written to {output}; it holds personal data.")


async def _bundle(settings: Settings, address: str) -> bytes:
    async with open_runtime(settings) as runtime:
        proven = await _evidence(runtime, await found(runtime, address, "ledger bundle"))
        return zipped(proven, runtime.dialogue.world.business.controller.name)


class Format(StrEnum):
    """How records are written."""

    JSONLD = "jsonld"
    CSV = "csv"


def export(
    address: Annotated[str, typer.Argument(metavar="[ADDRESS]", help="One person; everybody when left out.")] = "",
    format: Annotated[
        Format, typer.Option("--format", help="jsonld: W3C DPV with ISO/IEC TS 27560's fields.")
    ] = Format.JSONLD,
) -> None:
    """Print consent records for other programs: linked data (one document a line) or a table for a spreadsheet."""
    run(_export(read_settings(), address, format))


async def _export(settings: Settings, address: str, format: Format) -> None:
    table = csv.writer(sys.stdout)
    if format is Format.CSV:
        table.writerow(COLUMNS)
    async with open_runtime(settings) as runtime:
        processing = processing_of(runtime.dialogue.world)
        async for person in _persons(runtime, address):
            facts = [_event(entry) for entry in await runtime.ledger.story(person)]
            consents = fold(facts).consents
            if format is Format.CSV:
                table.writerows(as_rows(person, consents, facts))
            else:
                sys.stdout.write(orjson.dumps(as_json_ld(person, consents, facts, processing)).decode() + "\n")


async def _persons(runtime: Runtime, address: str) -> AsyncIterator[PersonId]:
    if address:
        for record in await all_found(runtime, address, "ledger export"):
            yield record
        return
    async for person in runtime.ledger.persons():
        yield person


def _event(entry: StoryEntry) -> Event:
    return Event(**{name: getattr(entry, name) for name in Event.__struct_fields__})


def processing_of(world: World) -> Processing:
    """Return what all records of the business have in common."""
    business = world.business
    controller = business.controller
    return Processing(
        controller=Party(controller.name, "controller", controller.address, controller.email, controller.country),
        recipients=[Party(party.name, party.role, country=party.country) for party in business.third_parties],
        storage=[place_name(place, "en") for place in business.storage.places],
        titles=world.language(business.default_locale).purposes,
        categories={purpose.id: purpose.category for purpose in business.purposes},
        proof_days=policy(business)[RuleName.PROOF_AFTER_WITHDRAWAL].after.days,
    )

"""`ledger checkpoint|key|prove|bundle`: evidence that can be checked without trusting us."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.find import Address, found
from bot.commands.ledger import AsJson
from bot.commands.running import fail, print_json, run
from bot.commands.running import settings as read_settings
from bot.consent.verifier import NotProven, check_evidence
from bot.runtime import Runtime, open_runtime
from bot.service.bundle import bundle as zipped
from bot.service.ports import PersonId
from bot.settings import Settings
from bot.stores.postgres.evidence import NotSignedYet, evidence


def checkpoint() -> None:
    """Sign the ledger's tree now, and print the signed checkpoint. A worker does it every CHECKPOINT_MINUTES."""
    typer.echo(run(_checkpoint(read_settings())), nl=False)


async def _checkpoint(settings: Settings) -> str:
    async with open_runtime(settings) as runtime:
        while await runtime.checkpoints.advance(time.time()):
            pass
        return await runtime.checkpoints.newest() or "The ledger is empty.\n"


def key() -> None:
    """Print the public key that checkpoints are signed with: publish it, and give it to auditors."""
    typer.echo(run(_key(read_settings())))


async def _key(settings: Settings) -> str:
    async with open_runtime(settings) as runtime:
        return runtime.keys.signers[0].public_key.hex()


def prove(address: Address, as_json: AsJson = False) -> None:
    """Check one person's records and their proofs; with --json print them, for the offline verifier."""
    proven, findings = run(_proven(read_settings(), address))
    if as_json:
        print_json(proven)
        return
    for finding in findings:
        typer.echo(finding)


async def _proven(settings: Settings, address: str) -> tuple[dict[str, Any], list[str]]:
    async with open_runtime(settings) as runtime:
        proven = await _evidence(runtime, await found(runtime, address))
        try:
            return proven, check_evidence(proven, bytes.fromhex(proven["public_key"]))
        except NotProven as error:
            fail(str(error))


async def _evidence(runtime: Runtime, person: PersonId) -> dict[str, Any]:
    try:
        return await evidence(runtime.database, runtime.keys, runtime.checkpoints, person)
    except NotSignedYet as error:
        fail(str(error))


def bundle(
    address: Address,
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip to write.")] = Path("evidence.zip"),
) -> None:
    """Write everything that proves one person's consents to an authority, with the program that checks it."""
    output.write_bytes(run(_bundle(read_settings(), address)))
    typer.echo(f"Written to {output}; it holds personal data.")


async def _bundle(settings: Settings, address: str) -> bytes:
    async with open_runtime(settings) as runtime:
        proven = await _evidence(runtime, await found(runtime, address))
        return zipped(proven, runtime.dialogue.world.business.controller.name)

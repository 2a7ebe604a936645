"""`rotate-keys`: renew everything with the newest `SECRET_KEY`, so that the old key can be removed."""

import typer

from ..app.operators import open_operators
from ..service.operators.rotation import StillNeeded
from ..settings import Settings
from .running import progress_bar, run
from .running import settings as read_settings


def rotate_keys() -> None:
    """Renew all tokens and ciphertexts after you put a new key first on SECRET_KEY; then remove the old key.

    Everything keeps working meanwhile. It may be interrupted and run again.
    """
    done, needed = run(_rotated(read_settings()))
    older, letters = needed.rows, needed.letters
    typer.echo(f"{done} persons renewed.")
    if letters:
        typer.echo(f"Keep the older keys on SECRET_KEY: {letters} dead letters are sealed with them,")
        typer.echo("until they are replayed or `retention` forgets them.")
    if older.any:
        typer.echo(f"Keep the older keys on SECRET_KEY: {older.suppressions} suppressions and {older.proofs} proofs of")
        typer.echo("erased persons are found only with them. Nobody knows whose they are, so they can't be renewed.")
    elif not letters:
        typer.echo("Only the first key of SECRET_KEY is needed now; keep older checkpoints' keys on the list while you")
        typer.echo("want `ledger verify` to trust checkpoints that were signed with them.")


async def _rotated(settings: Settings) -> tuple[int, StillNeeded]:
    """Return how many persons were renewed, and what still needs an older key."""
    done = 0
    async with open_operators(settings) as operators:
        with progress_bar() as progress:
            task = progress.add_task("Renewing", total=await operators.rotation.persons())
            async for page in operators.rotation.renew():
                done += page.renewed
                progress.advance(task, page.looked_at)
        return done, await operators.rotation.still_needed()

"""`deadletter`: what could not be processed, and giving it another try."""

from collections.abc import AsyncIterator
from typing import Annotated

import typer

from ..app.runtime import Runtime, open_runtime
from ..service.incoming.receive import Receipt
from ..settings import Settings
from ..stores.redis.deadletters import DeadLetter
from ..stores.redis.shard import ShardStores
from ..times import iso
from .running import AsJson, fail, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the dead letters: when, what kind, and why. What they hold is not shown."""
    letters = run(_letters(read_settings()))
    if as_json:
        print_json(
            [
                {
                    "id": _name(one),
                    "kind": one.kind,
                    "reason": one.reason,
                    "at": iso(int(one.at)),
                    "bytes": one.size,
                }
                for one in letters
            ]
        )
        return
    for one in letters:
        typer.echo(f"{_name(one)}  {iso(int(one.at))}  {one.kind:8}  {one.reason}")
    typer.echo(f"{len(letters)} dead letters" if letters else "There are no dead letters.")


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="From `deadletter list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Give dead letters another try, after the cause is mended: they go back to where they came from."""
    if bool(ids) is everything:
        raise typer.BadParameter("name some ids, or --all")
    done, left, unknown = run(_replayed(read_settings(), None if everything else set(ids or ())))
    typer.echo(f"{done} replayed" + (f", {left} left as they are (see `deadletter list`)" if left else ""))
    if unknown:
        fail(f"there is no dead letter {', '.join(sorted(unknown))}; see `deadletter list`")
    raise typer.Exit(1 if left else 0)


async def _letters(settings: Settings) -> list[DeadLetter]:
    async with open_runtime(settings) as runtime:
        return [letter async for _, letter in _each(runtime)]


async def _each(runtime: Runtime) -> AsyncIterator[tuple[ShardStores, DeadLetter]]:
    for shard in runtime.shards:
        async for letter in shard.dead.all():
            yield shard, letter


async def _replayed(settings: Settings, wanted: set[str] | None) -> tuple[int, int, set[str]]:
    """Return how many went back, how many did not, and which ids are no letter's."""
    done = left = 0
    async with open_runtime(settings) as runtime:
        chosen = [pair async for pair in _each(runtime) if wanted is None or _name(pair[1]) in wanted]
        for shard, letter in chosen:
            if letter.kind == "raw":
                ok = await _parsed_again(runtime, shard, letter)
            else:
                ok = await shard.dead.replay(letter)
            done, left = done + ok, left + (not ok)
    return done, left, (wanted or set()) - {_name(letter) for _, letter in chosen}


async def _parsed_again(runtime: Runtime, shard: ShardStores, letter: DeadLetter) -> bool:
    """Read a webhook that could not be read before; what still can't be read stays."""
    if letter.payload is None:  # a key of SECRET_KEY was removed too early
        return False
    if runtime.receive is None or await runtime.receive.again(letter.payload, letter.at) is not Receipt.STORED:
        return False
    await shard.dead.remove(letter.id)
    return True


def _name(letter: DeadLetter) -> str:
    return f"{letter.shard}:{letter.id}"

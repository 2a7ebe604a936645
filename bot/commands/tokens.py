"""`tokens`: who may call the REST API, and what for."""

from typing import Annotated

import typer

from ..app.operators import open_operators
from ..errors import OperatorError
from ..service.ports import Scope, Token
from ..settings import Settings
from ..times import iso, iso_if_any, parse_duration
from .running import AsJson, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; what it does is recorded under this name.")],
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it may be used for; several may be given.")],
    expires: Annotated[str, typer.Option("--expires", help="When it ends, e.g. 90d; by default never.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it looks at persons, where a call does not say.")] = "",
    per_minute: Annotated[
        int | None, typer.Option("--per-minute", min=1, max=1_000_000, help="Calls allowed; by default API_PER_MINUTE.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown now and never again."""
    lasts = _seconds(expires) if expires else None
    token, secret = run(_created(read_settings(), name, scope, reason, lasts, per_minute))
    if as_json:
        print_json({"id": token.id, "token": secret})
        return
    typer.echo(secret)
    typer.echo("Keep it where only the program finds it that needs it: it is not shown again.", err=True)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List all tokens without their secrets, also those that have ended."""
    tokens = run(_all(read_settings()))
    if as_json:
        print_json([_as_dict(token) for token in tokens])
        return
    for token in tokens:
        ends = ("revoked", token.revoked_at) if token.revoked_at else ("expires", token.expires_at)
        ended = f", {ends[0]} {iso(ends[1])}" if ends[1] else ""
        used = f"used {iso(token.last_used_at)}" if token.last_used_at else "never used"
        typer.echo(f"{token.id}  {token.name}: {', '.join(sorted(token.scopes))}; {used}{ended}")


@app.command()
def revoke(id: Annotated[str, typer.Argument(metavar="ID", help="From `tokens list`.")]) -> None:
    """End a token at once, for good."""
    token = run(_revoked(read_settings(), id))
    typer.echo(f"Revoked: {token.name}.")


def _seconds(text: str) -> int:
    try:
        seconds = int(parse_duration(text).total_seconds())
    except (ValueError, OverflowError):
        seconds = 0
    if not seconds:
        raise OperatorError("--expires: not a duration; write a number and s, m, h or d, e.g. 90d")
    return seconds


def _as_dict(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "reason": token.reason,
        "per_minute": token.per_minute,
        "created_at": iso(token.created_at),
        "expires_at": iso_if_any(token.expires_at),
        "last_used_at": iso_if_any(token.last_used_at),
        "revoked_at": iso_if_any(token.revoked_at),
    }


async def _created(
    settings: Settings, name: str, scopes: list[Scope], reason: str, lasts: int | None, per_minute: int | None
) -> tuple[Token, str]:
    async with open_operators(settings) as operators:
        return await operators.tokens.create(name, scopes, reason=reason, lasts=lasts, per_minute=per_minute)


async def _all(settings: Settings) -> list[Token]:
    async with open_operators(settings) as operators:
        return list(await operators.tokens.all())


async def _revoked(settings: Settings, id: str) -> Token:
    async with open_operators(settings) as operators:
        return await operators.tokens.revoke(id)

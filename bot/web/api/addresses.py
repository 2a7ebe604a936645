"""How a client names a person: by an address in the body, never in a URL, where it would be logged."""

from ...messages.inbound import Sender
from ...service.ports import Scope, Token
from .operation import Api
from .problems import Problem, Refused, invalid


def may_see_addresses(token: Token, *, otherwise: str = "") -> None:
    """Raise `Refused` unless a token may get addresses; `otherwise` is what the client could do instead."""
    if not token.may(Scope.READ_ADDRESSES):
        cure = f"make a token with `--scope {Scope.READ_ADDRESSES}` as well" + (otherwise and f", or {otherwise}")
        told = "addresses need a scope of their own"
        raise Refused(Problem.SCOPE_MISSING, told, cure=cure, scope=str(Scope.READ_ADDRESSES))


def sender_of(api: Api, address: str, field: str) -> Sender:
    """Return what an address means. Raises `Refused`."""
    if (sender := api.address(address)) is None:
        raise invalid(field, "not an address", "send +, country code and number, such as +4915112345678, or a BSUID")
    return sender

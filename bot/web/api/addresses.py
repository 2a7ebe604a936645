"""How a client names a person: by an address in the body, never in a URL, where it would be logged."""

from ...messages.inbound import Sender
from ...service.ports import Scope, Token
from .operation import Api
from .problems import Problem, Refused, invalid


def may_see_addresses(token: Token) -> None:
    """Raise `Refused` unless a token may get addresses."""
    if not token.may(Scope.READ_ADDRESSES):
        cure = f"make a token with `--scope {Scope.READ_ADDRESSES}` as well, or leave out `addresses`"
        raise Refused(Problem.SCOPE_MISSING, "addresses need a scope of their own", cure=cure)


def sender_of(api: Api, address: str, field: str) -> Sender:
    """Return what an address means. Raises `Refused`."""
    if (sender := api.address(address)) is None:
        raise invalid(field, "not an address", "send +, country code and number, such as +4915112345678, or a BSUID")
    return sender

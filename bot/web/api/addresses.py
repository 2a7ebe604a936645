"""How a client names a person: by an address in the body, never in a URL, where it would be logged."""

from typing import Annotated

from pydantic import Field

from ...messages.inbound import Sender
from .operation import Api
from .problems import invalid

Address = Annotated[
    str,
    Field(
        min_length=4,
        max_length=140,
        description="a phone number as +E.164, or a BSUID",
        examples=["+4915112345678"],
    ),
]


def sender_of(api: Api, address: str, field: str) -> Sender:
    """Return what an address means. Raises `Refused`."""
    if (sender := api.address(address)) is None:
        raise invalid(field, "not an address", "send +, country code and number, such as +4915112345678, or a BSUID")
    return sender

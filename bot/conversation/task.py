"""What a step wants done outside of the conversation: data shown or erased, a receipt, a request noted."""

import msgspec

from ..consent.rights import Right


class Task(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing to do for the person who wrote."""

    right: Right
    text: str = ""
    """Of a rectification: what the person wrote. Personal; never to be logged."""

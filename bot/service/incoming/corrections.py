"""What a message led to that its writer changed or deleted since: read from their ledger, never from memory.

The dialogue has no keys and no store, so what a correction is about is told to it.
"""

from collections.abc import Collection, Iterable, Iterator

import msgspec

from ...consent.evidence import Entry, Fact
from ...keys import Keyring
from ...messages.inbound import Correction, Inbound
from ..ports import PastFact


def corrects(inbound: Inbound) -> bool:
    """Whether a message can be answered only by somebody who has read the ledger."""
    return isinstance(inbound.content, Correction) and bool(inbound.content.original)


def informed(inbound: Inbound, past: Iterable[PastFact], added: Iterable[Entry], keys: Keyring) -> Inbound:
    """Return the message with what the one that it corrects led to: in the ledger, or `added` to it just now."""
    if not isinstance(inbound.content, Correction) or not corrects(inbound):
        return inbound
    original = inbound.content.original
    led_to = (*_of(keys.messages(original), past), *(entry.fact for entry in added if entry.inbound == original))
    return msgspec.structs.replace(inbound, content=msgspec.structs.replace(inbound.content, led_to=led_to))


def _of(tokens: Collection[bytes], past: Iterable[PastFact]) -> Iterator[Fact]:
    return (one.fact for one in past if one.inbound in tokens)

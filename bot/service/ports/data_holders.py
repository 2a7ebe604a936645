"""Every place that holds personal data: each can show what it holds of a person, and erase it (GDPR Art. 15, 17).

Whoever adds a table or a Redis key adds it to a place, or says why it holds nothing personal: a test fails otherwise.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...messages.inbound import Sender
from .people import PersonId


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data is shown or erased."""

    person: PersonId
    sender: Sender = field(default=Sender(), repr=False)
    """All addresses in the clear; empty when they are not known any more."""
    tokens: Sequence[bytes] = ()
    """Keyed hashes of addresses that were theirs, when they are known."""
    before: float = math.inf
    """Unix seconds: a message that the person wrote later is not part of this; it makes them a new person."""
    merged: Sequence[PersonId] = ()
    """Records that turned out to be theirs, too."""

    @property
    def records(self) -> Sequence[PersonId]:
        """The ids of all their records, the one that goes on first."""
        return (self.person, *self.merged)


Held = Mapping[str, Any]
"""What one place holds of a person: some keys of `my_data.Gathered`, JSON-able. Times are ISO 8601 with an offset."""


class DataHolder(Protocol):
    """One kind of place."""

    @property
    def name(self) -> str:
        """How reports of an erasure, and who wants some places only, call it, e.g. `requests`."""

    @property
    def holds(self) -> frozenset[str]:
        """The tables, or kinds of Redis keys, that it answers for."""

    async def export(self, subject: Subject) -> Held | None:
        """Return what it holds; None when that is nothing. Raises `Unavailable`."""

    async def erase(self, subject: Subject) -> int:
        """Erase it; return how many things. Again it finds nothing more. Raises `Unavailable`."""


async def exported(holders: Sequence[DataHolder], subject: Subject) -> list[Held]:
    """Return all that all holders hold of a person, for `gather.my_data`. Raises `Unavailable`."""
    held = [await holder.export(subject) for holder in holders]
    return [one for one in held if one is not None]

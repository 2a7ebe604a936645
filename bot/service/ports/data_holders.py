"""Data holders: everything that stores personal data can export and erase a person (GDPR Art. 15, 17).

A new table or Redis key must be added to a data holder, or listed with the reason why it holds nothing personal: a test
fails otherwise.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...messages.inbound import Sender
from .people import PersonId


@dataclass(frozen=True, slots=True)
class Subject:
    """The person whose data is exported or erased."""

    person: PersonId
    sender: Sender = field(default=Sender(), repr=False)
    """All addresses in the clear; empty if they are no longer known."""
    tokens: Sequence[bytes] = ()
    """Keyed hashes of addresses that were theirs, if known."""
    before: float = math.inf
    """Unix seconds: a message written later is not included; it makes them a new person."""
    merged: Sequence[PersonId] = ()
    """Other records that turned out to be theirs."""

    @property
    def records(self) -> Sequence[PersonId]:
        """The ids of all their records, the surviving record first."""
        return (self.person, *self.merged)


Held = Mapping[str, Any]
"""What a data holder has on a person: some keys of `my_data.Gathered`, JSON-able. Times are ISO 8601 with an offset."""


class DataHolder(Protocol):
    """One kind of data holder."""

    @property
    def name(self) -> str:
        """Its name in reports of an erasure and in selections, e.g. `requests`."""

    @property
    def holds(self) -> frozenset[str]:
        """The tables, or kinds of Redis keys, that it answers for."""

    async def export(self, subject: Subject) -> Held | None:
        """Return what it holds; None if nothing. Raises `Unavailable`."""

    async def erase(self, subject: Subject) -> int:
        """Erase what it holds; return how many things. Repeating it finds nothing more. Raises `Unavailable`."""


async def exported(holders: Sequence[DataHolder], subject: Subject) -> list[Held]:
    """Return everything that all holders have on a person, for `gather.my_data`. Raises `Unavailable`."""
    held = [await holder.export(subject) for holder in holders]
    return [part for part in held if part is not None]

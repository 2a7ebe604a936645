"""Consent records for other programs: linked data (one document for each record), or a table for a spreadsheet."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...consent.export import ExportedFact, Party, Processing, as_json_ld, as_rows
from ...consent.lifecycle import Consent, fold
from ...consent.retention import RuleName, policy
from ...conversation.world import World
from ...errors import OperatorError
from ...i18n.cldr import territory_name
from ...messages.inbound import Sender
from ..ports import PersonId, Persons, StoryEntry
from .find import Find, Look, Looked


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One record of a person, to be written out."""

    person: PersonId
    consents: Mapping[str, Consent]
    events: Sequence[ExportedFact]
    sender: Sender | None = field(default=None, repr=False)
    """The person's addresses; None if they were not asked for."""

    def rows(self) -> Iterable[Sequence[str]]:
        """Return a row for each event, with `consent.export.COLUMNS` and, if asked for, `ADDRESS_COLUMNS`."""
        more = () if self.sender is None else (self.sender.phone or "", self.sender.bsuid or "")
        return ((*row, *more) for row in as_rows(self.person, self.consents, self.events))

    def json_ld(self, processing: Processing) -> dict[str, Any]:
        """Return linked data: W3C DPV with the fields of ISO/IEC TS 27560."""
        addresses = self.sender.addresses if self.sender is not None else ()
        return as_json_ld(self.person, self.consents, self.events, processing, addresses)


ADDRESS_COLUMNS = ("phone", "whatsapp_id")
"""Columns of the table behind the others, if the addresses are asked for."""


class WithoutReason(OperatorError):
    """Addresses were asked for, and not what for."""


class Stories(Protocol):
    """The ledger in the clear."""

    async def story(self, person: PersonId) -> Sequence[StoryEntry]:
        """Return a person's entries. Raises `Unavailable`, `Undecipherable`."""


class ExportConsents:
    """The use case."""

    def __init__(self, *, find: Find, persons: Persons, ledger: Stories, world: World) -> None:
        self._find = find
        self._persons = persons
        self._ledger = ledger
        self.processing = processing_of(world)

    async def of(self, looked: Looked, *, addresses: bool = False) -> AsyncIterator[ConsentRecord]:
        """Yield all records of one person, with their `addresses` if asked for.

        Raises `Unavailable`, and `WithoutReason` unless the look says for whom the addresses are.
        """
        _require_reason(looked.look, addresses=addresses)
        for record in looked.records:
            events = [_event(entry) for entry in await self._ledger.story(record)]
            sender = await self._sender(record) if addresses else None
            yield ConsentRecord(record, fold(events).consents, events, sender)

    async def _sender(self, record: PersonId) -> Sender:
        known = (await self._persons.load([record])).get(record)
        return known.sender if known else Sender()

    async def of_everybody(self, look: Look, *, addresses: bool = False) -> AsyncIterator[ConsentRecord]:
        """Yield everybody's records; a look is recorded for each of them, as if they had been named. See `of`."""
        _require_reason(look, addresses=addresses)
        async for looked in self._find.everybody(look):
            async for record in self.of(looked, addresses=addresses):
                yield record


def _require_reason(look: Look, *, addresses: bool) -> None:
    if addresses and not look.reason.strip():
        raise WithoutReason("nobody would know whom the addresses were for; say so with --reason")


def _event(entry: StoryEntry) -> ExportedFact:
    return ExportedFact(**{name: getattr(entry, name) for name in ExportedFact.__struct_fields__})


def processing_of(world: World) -> Processing:
    """Return what all records of the business have in common."""
    business = world.business
    controller = business.controller
    return Processing(
        controller=Party(controller.name, "controller", controller.address, controller.email, controller.country),
        recipients=[Party(party.name, party.role, country=party.country) for party in business.third_parties],
        storage=[territory_name(place, "en") for place in business.storage.places],
        titles=world.language(business.default_locale).purposes,
        categories={purpose.id: purpose.category for purpose in business.purposes},
        proof_days=policy(business)[RuleName.PROOF_AFTER_WITHDRAWAL].after.days,
    )

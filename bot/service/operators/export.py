"""Consent records for other programs: linked data (one document for each record), or a table for a spreadsheet."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...consent.export import ExportedFact, Party, Processing, as_json_ld, as_rows
from ...consent.lifecycle import Consent, fold
from ...consent.retention import RuleName, policy
from ...conversation.world import World
from ...i18n.cldr import territory_name
from ..ports import PersonId, StoryEntry
from .find import Find, Look, Looked


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One record of a person, to be written out."""

    person: PersonId
    consents: Mapping[str, Consent]
    events: Sequence[ExportedFact]

    def rows(self) -> Iterable[Sequence[str]]:
        """Return a row for each event, with `consent.export.COLUMNS`."""
        return as_rows(self.person, self.consents, self.events)

    def json_ld(self, processing: Processing) -> dict[str, Any]:
        """Return linked data: W3C DPV with the fields of ISO/IEC TS 27560."""
        return as_json_ld(self.person, self.consents, self.events, processing)


class Stories(Protocol):
    """The ledger in the clear."""

    async def story(self, person: PersonId) -> Sequence[StoryEntry]:
        """Return a person's entries. Raises `Unavailable`, `Undecipherable`."""


class ExportConsents:
    """The use case."""

    def __init__(self, *, find: Find, ledger: Stories, world: World) -> None:
        self._find = find
        self._ledger = ledger
        self.processing = processing_of(world)

    async def of(self, looked: Looked) -> AsyncIterator[ConsentRecord]:
        """Yield all records of one person. Raises `Unavailable`."""
        for record in looked.records:
            events = [_event(entry) for entry in await self._ledger.story(record)]
            yield ConsentRecord(record, fold(events).consents, events)

    async def of_everybody(self, look: Look) -> AsyncIterator[ConsentRecord]:
        """Yield everybody's records; a look is recorded for each of them, as if they had been named. See `of`."""
        async for looked in self._find.everybody(look):
            async for record in self.of(looked):
                yield record


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

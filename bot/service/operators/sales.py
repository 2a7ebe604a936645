"""Records a sale on which marketing to an own customer may rest without their consent: soft opt-in."""

import time
from collections.abc import Callable

from ...business import Business
from ...consent.evidence import Entry
from ...consent.lifecycle import NotAllowed, Record, admit, fold
from ...consent.soft_opt_in import Sale, relationship
from ...errors import OperatorError, Unavailable
from ...paths import COMMAND
from ..ports import Append, Ledger, Persons
from .changes import Erased
from .find import Looked
from .recording import Recording

_TRIES = 10
"""How often an append is retried while workers add to the ledger."""

_NEEDS = "see docs/deployer.md for what a sale needs"

_AFRESH = f"see `{COMMAND} person show` for what stands, and docs/deployer.md for what a sale needs"


class RecordSale:
    """The use case."""

    def __init__(
        self,
        *,
        persons: Persons,
        ledger: Ledger,
        recording: Recording,
        business: Business,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._persons = persons
        self._ledger = ledger
        self._recording = recording
        self._business = business
        self._clock = clock

    def check(self, purpose_id: str, sale: Sale) -> None:
        """Raise `OperatorError` for a sale that counts for nobody, before anybody becomes known by it."""
        try:
            admit(Record(), self._entry(purpose_id, sale, person="", actor=""))
        except NotAllowed as error:
            raise OperatorError(f"{error}; {_NEEDS}") from None

    async def record(self, looked: Looked, purpose_id: str, sale: Sale, *, actor: str) -> bool:
        """Record a sale to a person; return whether it is new.

        Raises `OperatorError` if the law does not let it count, saying why, and `Unavailable`.
        """
        self.check(purpose_id, sale)
        person = looked.records[0]
        if not await self._persons.load([person]):
            raise Erased("the person was erased, so no sale can be recorded; there is nothing left to do")
        for _ in range(_TRIES):
            past = (await self._ledger.facts([person])).get(person, ())
            record = fold(entry.fact for entry in past)
            try:
                entry = self._entry(purpose_id, sale, person=person, actor=actor)
                if admit(record, entry).consents == record.consents:
                    return False
            except NotAllowed as error:
                raise OperatorError(f"{error}; {_AFRESH}") from None
            if await self._recording.append([Append(person, record.seq, [entry])]):
                return True
        raise Unavailable("the ledger of this person keeps changing; try again")

    def _entry(self, purpose_id: str, sale: Sale, *, person: str, actor: str) -> Entry:
        """Return the ledger's entry. Raises `OperatorError` for a purpose that does not exist, and `NotAllowed`."""
        purpose = self._business.purpose(purpose_id)
        if purpose is None:
            raise OperatorError(f"there is no purpose {purpose_id!r}; write the id of one in business.toml")
        return relationship(sale, purpose, person, now=self._clock(), actor=actor)

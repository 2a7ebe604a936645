"""Records a sale on which marketing to an own customer may rest without their consent: soft opt-in."""

import time
from collections.abc import Callable

from ...business import Business
from ...consent.lifecycle import NotAllowed, admit, fold
from ...consent.soft_opt_in import Sale, relationship
from ...errors import OperatorError
from ...paths import COMMAND
from ..ports import Append, Ledger
from .find import Looked
from .recording import Recording

_AFRESH = f"see `{COMMAND} person show` for what stands, and docs/deployer.md for what a sale needs"


class RecordSale:
    """The use case."""

    def __init__(
        self, *, ledger: Ledger, recording: Recording, business: Business, clock: Callable[[], float] = time.time
    ) -> None:
        self._ledger = ledger
        self._recording = recording
        self._business = business
        self._clock = clock

    async def record(self, looked: Looked, purpose_id: str, sale: Sale, *, actor: str) -> bool:
        """Record a sale to a person; return whether it is new.

        Raises `OperatorError` if the law does not let it count, saying why, and `Unavailable`.
        """
        purpose = self._business.purpose(purpose_id)
        if purpose is None:
            raise OperatorError(f"there is no purpose {purpose_id!r}; write the id of one in business.toml")
        while True:
            past = (await self._ledger.facts([looked.person])).get(looked.person, ())
            record = fold(entry.fact for entry in past)
            try:
                entry = relationship(sale, purpose, looked.person, now=self._clock(), actor=actor)
                if admit(record, entry).consents == record.consents:
                    return False
            except NotAllowed as error:
                raise OperatorError(f"{error}; {_AFRESH}") from None
            if await self._recording.append([Append(looked.person, record.seq, [entry])]):
                return True

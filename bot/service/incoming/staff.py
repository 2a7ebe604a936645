"""Watches messages that staff write from their phones, where the number is also in the WhatsApp Business app.

No program can hold them back, and their text is not kept. But nobody may be written to after a STOP (GDPR Art. 7(3),
21(3)), so operators are alerted.
"""

import structlog

from ...consent.lifecycle import Record, Status, fold
from ...messages.inbound import Sender
from .. import metrics
from ..ports import Ledger, Persons, Suppressions

log = structlog.get_logger(__name__)

_CURE = "tell your staff to write to people who said STOP only in answer to their questions; see `person show`"


class Staff:
    """Watches over what staff write."""

    def __init__(self, persons: Persons, ledger: Ledger, suppressions: Suppressions) -> None:
        self._persons = persons
        self._ledger = ledger
        self._suppressions = suppressions

    async def wrote(self, to: Sender, at: int) -> bool:
        """Report an incident if the person had stopped everything when staff wrote to them (`at`, unix seconds).

        Returns whether there was an incident.
        """
        people = set((await self._persons.find(to.addresses)).values())
        past = await self._ledger.facts(people) if people else {}
        stopped: list[str] = [
            who for who in people if _had_stopped(fold(entry.fact for entry in past.get(who, ())), at)
        ]
        if not people and any((await self._suppressions.suppressed(to.addresses)).values()):
            stopped = [""]
        for person in stopped:
            _report(person)
        return bool(stopped)


def _had_stopped(record: Record, at: int) -> bool:
    """Whether something was withdrawn before and no consent stands: a consent allows writing about its purpose."""
    stopped = (consent for consent in record.consents.values() if consent.status is Status.WITHDRAWN)
    return not record.given and any(consent.stopped_at <= at for consent in stopped)


def _report(person: str) -> None:
    metrics.INCIDENTS.labels("staff_wrote_after_stop").inc()
    log.error("staff_wrote_after_stop", person=person or "erased", cure=_CURE)

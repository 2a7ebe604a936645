"""The last look at consent before something leaves: what was allowed when it was queued may not be any more."""

from collections.abc import Iterable, Sequence

from bot.business import Business
from bot.consent.lifecycle import Record, fold
from bot.service.ports import Ledger, PersonId

NEVER = -1
"""Instead of a number of entries: the person was not looked at."""


def stands(record: Record, purpose: str, at: float, business: Business) -> bool:
    """Whether something may be sent for `purpose` now, also if the notice has changed since the consent."""
    return record.allows(purpose, int(at)) and business.notice_stands(record.consent(purpose).notice)


async def changed_since(ledger: Ledger, seen: Iterable[tuple[PersonId, int]]) -> dict[PersonId, Record]:
    """Return the records of those persons whose ledger does not end any more where it did.

    Of whoever is left out nothing was withdrawn since. Raises `Unavailable`.
    """
    then: Sequence[tuple[PersonId, int]] = list(seen)
    if not then:
        return {}
    now = await ledger.sequences({person for person, _ in then})
    changed = {person for person, number in then if now.get(person) != number}
    past = await ledger.facts(changed) if changed else {}
    return {person: fold(one.fact for one in past.get(person, ())) for person in changed}

"""Changes that operators note of a person, because the person said so outside of the chat.

Each goes to the person's ledger like what they say in the chat, and is in force at once: also in the dialogue, whose
session is forgotten and rebuilt from the ledger at the next message.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ...consent.deadlines import Calendar
from ...consent.evidence import Entry, Kind, Method
from ...consent.lifecycle import Record, admit, fold
from ...consent.outside import Said, entries
from ...consent.requests import Request, State, close
from ...consent.rights import Right
from ...errors import OperatorError, Unavailable
from ...keys import Keyring
from .. import metrics
from ..ports import Append, Ledger, NoSuchPerson, PersonId, Persons, Requests
from .find import Looked
from .recording import Recording

_TRIES = 10
"""How often an append is retried while workers add to the ledger."""


class UnknownPurpose(OperatorError):
    """The business has no such purpose, and the person was never asked about it."""

    def __init__(self, number: int, known: Sequence[str]) -> None:
        """`number`: which of the purposes, from 0."""
        super().__init__(f"purpose {number + 1} is not known; known are: {', '.join(known)}")
        self.number = number
        self.known = known


class UnknownLanguage(OperatorError):
    """The language is not offered."""


class Erased(OperatorError):
    """Nothing can be noted of the person any more."""


@dataclass(frozen=True, slots=True)
class Told:
    """How the person said it."""

    method: Method
    key: str
    """Identifies it, so that a repetition is noted once."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What was noted."""

    entries: Sequence[Entry]
    """What the ledger has got; empty if it said all that already."""
    request: Request | None = None
    """The request that this is, to be answered within a month (GDPR Art. 12(3))."""


class Changes:
    """The use cases. All methods raise `Unavailable`, and `OperatorError` for what can't be done."""

    def __init__(
        self,
        *,
        persons: Persons,
        ledger: Ledger,
        recording: Recording,
        requests: Requests,
        keys: Keyring,
        purposes: Sequence[str],
        languages: Collection[str],
        calendar: Calendar,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`purposes`: those of the business; `languages`: those that are offered."""
        self._persons = persons
        self._ledger = ledger
        self._requests = requests
        self._recording = recording
        self._keys = keys
        self._purposes = purposes
        self._languages = languages
        self._calendar = calendar
        self._clock = clock

    async def withdraw(self, looked: Looked, purposes: Sequence[str] | None, told: Told) -> Noted:
        """End consents, and the question that waits (GDPR Art. 7(3)); `purposes` None: all of them."""
        return Noted(await self._note(looked, Kind.WITHDRAWN, purposes, told))

    async def object(self, looked: Looked, purposes: Sequence[str] | None, told: Told) -> Noted:
        """Note an objection, which is as strong (GDPR Art. 21(2)-(3)); `purposes` None: to all of them."""
        noted = await self._note(looked, Kind.OBJECTED, purposes, told)
        request, _ = await self._request(looked, Right.OBJECTION, told)
        return Noted(noted, request)

    async def restrict(self, looked: Looked, told: Told) -> Noted:
        """Use nothing of the person's data until they lift it (GDPR Art. 18)."""
        noted = await self._note(looked, Kind.RESTRICTED, None, told)
        request, _ = await self._request(looked, Right.RESTRICTION, told)
        return Noted(noted, request)

    async def lift(self, looked: Looked, told: Told) -> Noted:
        """End the restriction, as the person wishes."""
        return Noted(await self._note(looked, Kind.LIFTED, None, told))

    async def correct(self, looked: Looked, told: Told, *, locale: str = "", details: str = "") -> Noted:
        """Correct the person's language at once; note `details`, in their words, for the company's people.

        Both are a request (GDPR Art. 16). With the language alone, it is done now.
        """
        person = await self._alive(looked)
        if locale and locale not in self._languages:
            raise UnknownLanguage(f"the language is not offered; offered are: {', '.join(sorted(self._languages))}")
        request, is_new = await self._request(looked, Right.RECTIFICATION, told, details)
        if locale and (is_new or request.state.is_open):  # else it was done before: they may have chosen anew
            await self._persons.set_locales({person: locale})
            await self._recording.forget_sessions(looked.records)
        if is_new and not details:  # the person may have asked for something else before
            done = close(request, State.DONE, "")
            reason = looked.look.reason
            await self._requests.change(request, done, actor=looked.look.actor, reason=reason, now=self._clock())
            request = done
        return Noted((), request)

    async def _alive(self, looked: Looked) -> PersonId:
        """Return the surviving record. Raises `Erased`."""
        person = looked.records[0]
        if not await self._persons.load([person]):
            raise Erased("the person was erased, so nothing can be noted of them; there is nothing left to do")
        return person

    async def _note(self, looked: Looked, kind: Kind, purposes: Sequence[str] | None, told: Told) -> Sequence[Entry]:
        person = await self._alive(looked)
        for _ in range(_TRIES):
            past = (await self._ledger.facts([person])).get(person, ())
            facts = [entry.fact for entry in past]
            record = fold(facts)
            said = Said(kind, told.method, looked.look.actor, looked.look.reason, _cause(looked, kind, told))
            known = {*self._keys.messages(said.cause)}
            done = {entry.fact.purpose for entry in past if entry.inbound in known}
            named = [purpose for purpose in self._named(purposes, record) if purpose not in done]
            new = entries(said, facts, record, named, self._clock())
            for entry in new:
                record = admit(record, entry)
            if not new:
                break
            if await self._recording.append([Append(person, len(past), new)]):
                for entry in new:
                    metrics.EVIDENCE.labels(entry.kind).inc()
                await self._recording.forget_sessions(looked.records)
                return new
        else:
            raise Unavailable("the ledger of this person keeps changing; try again")
        await self._recording.forget_sessions(looked.records)  # the call before this may have broken off
        return ()

    def _named(self, purposes: Sequence[str] | None, record: Record) -> Sequence[str]:
        """Return the purposes that are meant. Raises `UnknownPurpose`."""
        known = list(dict.fromkeys([*self._purposes, *record.consents]))
        for number, purpose in enumerate(purposes or ()):
            if purpose not in known:
                raise UnknownPurpose(number, self._purposes)
        return known if purposes is None else list(dict.fromkeys(purposes))

    async def _request(self, looked: Looked, right: Right, told: Told, details: str = "") -> tuple[Request, bool]:
        """Note a request; also return whether it is new."""
        now, person = self._clock(), looked.records[0]
        cause = self._keys.message(_cause(looked, right, told))
        try:
            return await self._requests.open(
                person, right, at=int(now), inbound=cause, now=now, calendar=self._calendar, details=details
            )
        except NoSuchPerson:
            raise Erased("the person was erased meanwhile; there is nothing left to do") from None


def _cause(looked: Looked, what: Kind | Right, told: Told) -> str:
    """Return what identifies a change among all that was ever noted."""
    return f"{looked.look.actor} {what} {looked.records[0]} {told.key}"

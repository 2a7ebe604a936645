"""Records imported consents as claims, or as given where their evidence is confirmed.

What a person said here, and what is suppressed under their address, outweighs every file.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ...business import Business, ConfirmedImport
from ...consent.evidence import EVERY, Clock, Entry, Fact, Kind, Method
from ...consent.lifecycle import Consent, NotAllowed, Record, Status, admit, fold
from ...consent.retention import end, policy, spans
from ...i18n.locale import negotiate
from ...keys import Keyring
from ...messages.inbound import Sender
from ...times import iso
from ..ports import Append, Ledger, PastFact, PersonId, Persons, Suppressions
from .find import Find, Look
from .recording import Recording


class What(StrEnum):
    """What came of a row."""

    CLAIM = "claim"
    """Recorded, and allows nothing."""
    GIVEN = "given"
    """Counted as given: its evidence is confirmed."""
    SUPPRESSED = "suppressed"
    REFUSED = "refused"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Claim:
    """That a file says that somebody consented to a purpose."""

    row: int
    sender: Sender = field(repr=False)
    purpose: str
    at: int | None
    """When, unix seconds; None if the file does not say."""
    until: int | None
    words: str = field(repr=False)
    """The row's own words."""
    locale: str
    confirmed: ConfirmedImport | None
    """The confirmation of its evidence, if it counts as given."""
    only_a_claim: str
    """Why it does not, otherwise."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a claim."""

    claim: Claim
    what: What
    why: str = ""
    lost: bool = False
    """Whether somebody else has added to the person's ledger in the meantime: nothing was recorded."""


@dataclass(slots=True)
class _State:
    """Where a person or a stranger stands, with what a batch adds."""

    sender: Sender
    person: PersonId | None
    past: Sequence[PastFact]
    records: list[Record]
    """Of everybody to whom the address leads, the owner first."""
    suppressed: Mapping[str, int]
    inbounds: set[bytes]
    moved: bool
    """Whether nobody has the address any more since its owner went to another."""
    entries: list[Entry] = field(default_factory=list)
    locale: str = ""

    @property
    def record(self) -> Record:
        """The owner's."""
        return self.records[0]

    def add(self, entry: Entry) -> None:
        """Take an entry into the batch. Raises `NotAllowed`."""
        self.records[0] = admit(self.record, entry)
        self.entries.append(entry)


class Claims:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        find: Find,
        persons: Persons,
        ledger: Ledger,
        suppressions: Suppressions,
        recording: Recording,
        business: Business,
        locales: Collection[str],
        keys: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`locales`: those offered."""
        self._find = find
        self._persons = persons
        self._ledger = ledger
        self._suppressions = suppressions
        self._recording = recording
        self._business = business
        self._lasts = spans(policy(business))
        self._locales = locales
        self._keys = keys
        self._clock = clock

    async def record(
        self,
        claims: Sequence[Claim],
        source: str,
        look: Look,
        stopped: Mapping[str, Mapping[str, int]],
        *,
        dry_run: bool = False,
    ) -> list[Judged]:
        """Record claims; return what came of each. Raises `AddressTaken` if another worker made one of the persons.

        `stopped`: what counts as suppressed besides, address → scope → since. A dry run records nothing.
        """
        states = await self._states(claims, look, stopped)
        judged = [self._allowed(claim, states[claim.sender.addresses[0]], source) for claim in claims]
        if dry_run:
            return judged
        done = await self._append(states)
        return [
            one
            if (person := states[one.claim.sender.addresses[0]].person) is None or person in done
            else Judged(one.claim, one.what, lost=True)
            for one in judged
        ]

    async def _append(self, states: Mapping[str, _State]) -> set[PersonId]:
        """Make persons of strangers, and append; return the persons with nothing left to append."""
        changed = list({id(state): state for state in states.values() if state.entries}.values())
        strangers = [state for state in changed if state.person is None]
        made = await self._persons.create([state.sender for state in strangers]) if strangers else []
        for state, person in zip(strangers, made, strict=True):
            state.person = person
        if locales := {person: state.locale for state, person in zip(strangers, made, strict=True) if state.locale}:
            await self._persons.set_locales(locales)
        stopped = await self._stopped_meanwhile(strangers)
        appends = [
            Append(state.person, state.record.seq - len(state.entries), state.entries)
            for state in changed
            if state.person is not None and state.person not in stopped
        ]
        done = await self._recording.append(appends)
        unchanged = {state.person for state in states.values() if state.person and not state.entries}
        return done | unchanged

    async def _stopped_meanwhile(self, made: Sequence[_State]) -> set[PersonId | None]:
        """Return the new persons whose address was suppressed while nobody was known by it."""
        addresses = {address for state in made for address in state.sender.addresses}
        suppressed = await self._suppressions.suppressed(addresses) if addresses else {}
        return {
            state.person
            for state in made
            for address in state.sender.addresses
            if not suppressed.get(address, {}).keys().isdisjoint({EVERY, *(entry.purpose for entry in state.entries)})
        }

    async def _states(
        self, claims: Sequence[Claim], look: Look, stopped: Mapping[str, Mapping[str, int]]
    ) -> dict[str, _State]:
        """Return where everybody stands, by address; spellings of the same number share a state."""
        addresses = {claim.sender.addresses[0]: claim.sender for claim in claims}
        owners = await self._persons.find_all(addresses) if addresses else {}
        everybody = list(dict.fromkeys(person for found in owners.values() for person in found))
        await self._find.those(everybody, look)
        past = await self._ledger.facts(everybody) if everybody else {}
        theirs = await self._persons.load(everybody) if everybody else {}
        also = {address for person in theirs.values() for address in person.sender.addresses}
        suppressed = await self._suppressions.suppressed({*addresses, *also}) if addresses else {}
        strangers = [address for address in addresses if not owners.get(address)]
        moves = await self._persons.moves(strangers) if strangers else []
        left = {self._keys.address(one) for move in moves for one in move.previous.addresses}
        states: dict[object, _State] = {}
        found: dict[str, _State] = {}
        for address, sender in addresses.items():
            of_address = owners.get(address, [])
            key: object = of_address[0] if of_address else self._keys.address(address)
            named = [
                address,
                *(one for person in of_address if person in theirs for one in theirs[person].sender.addresses),
            ]
            known: dict[str, int] = {}
            for one in named:
                for scope, since in (*suppressed.get(one, {}).items(), *stopped.get(one, {}).items()):
                    known[scope] = max(since, known.get(scope, 0))
            if key in states:
                states[key].suppressed = {**states[key].suppressed, **known}
            else:
                facts = past.get(of_address[0], ()) if of_address else ()
                records = [fold(entry.fact for entry in past.get(person, ())) for person in of_address] or [Record()]
                inbounds = {entry.inbound for entry in facts if entry.fact.kind in (Kind.IMPORTED, Kind.GIVEN)}
                person = of_address[0] if of_address else None
                states[key] = _State(sender, person, facts, records, known, inbounds, key in left)
            found[address] = states[key]
        return found

    # --- one claim

    def _allowed(self, claim: Claim, state: _State, source: str) -> Judged:
        """Take a claim into the batch as a whole, or nothing of it if the law does not allow that."""
        record, count = state.record, len(state.entries)
        try:
            return self._judge(claim, state, source)
        except NotAllowed as problem:
            state.records[0] = record
            del state.entries[count:]
            return Judged(claim, What.REFUSED, f"{problem}; {_ONLY_A_YES}")

    def _judge(self, claim: Claim, state: _State, source: str) -> Judged:
        """Take a claim into the batch if nothing speaks against it. Raises `NotAllowed`."""
        if why := _against(claim.purpose, state):
            return Judged(claim, What.REFUSED, why)
        consent = state.record.consent(claim.purpose)
        if consent.status in (Status.GIVEN, Status.REQUESTED):
            return Judged(claim, What.UNCHANGED, _OWN_ANSWER[consent.status])
        cause = (
            f"import {self._keys.address(claim.sender.addresses[0]).hex()} {claim.purpose} {source} {claim.at or ''}"
        )
        known = not state.inbounds.isdisjoint(self._keys.messages(cause))
        if not known:
            state.inbounds.add(self._keys.message(cause))
            state.locale = state.locale or negotiate(claim.locale, self._locales) or ""
            state.add(self._claim(claim, cause, source))
        if claim.confirmed is not None and claim.at is not None:
            for entry in self._given(claim, claim.at, claim.confirmed, cause):
                state.add(entry)
            return Judged(claim, What.GIVEN)
        if known:
            return Judged(claim, What.UNCHANGED, "claimed before")
        return Judged(claim, What.CLAIM, claim.only_a_claim)

    def _claim(self, claim: Claim, cause: str, source: str) -> Entry:
        now = round(self._clock(), 3)
        return Entry(
            kind=Kind.IMPORTED,
            purpose=claim.purpose,
            at=int(now) if claim.at is None else claim.at,
            recorded_at=now,
            inbound=cause,
            answer=claim.words,
            method=Method.IMPORT,
            rule=source,
            legal_basis="",
            actor="operator",
            clock=Clock.ARRIVAL if claim.at is None else Clock.FILE,
        )

    def _given(self, claim: Claim, at: int, confirmed: ConfirmedImport, cause: str) -> list[Entry]:
        """Return what makes a claim count, and perhaps what ends it at once: its time began when it was given."""
        purpose = self._business.purpose(claim.purpose)
        assert purpose is not None
        now = round(self._clock(), 3)
        expires_at = min(at + int(purpose.valid_for.total_seconds()), claim.until or 1 << 62)
        given = Entry(
            kind=Kind.GIVEN,
            purpose=claim.purpose,
            at=at,
            recorded_at=now,
            expires_at=expires_at,
            notice=confirmed.notice,
            inbound=cause,
            answer=claim.words,
            method=Method.IMPORT,
            rule=f"{confirmed.source}; {confirmed.evidence}; {confirmed.confirmed_by}, {confirmed.confirmed_on}",
            legal_basis=purpose.legal_basis,
            actor="operator",
            clock=Clock.FILE,
        )
        ends = end(Consent(Status.GIVEN, since=at, expires_at=expires_at), at, self._lasts)
        if ends.at > now:
            return [given]
        expired = Entry(
            kind=Kind.EXPIRED,
            purpose=claim.purpose,
            at=ends.at,
            recorded_at=now,
            notice=confirmed.notice,
            inbound=cause,
            method=Method.TIMER,
            rule=ends.why,
            actor="system",
            clock=Clock.FILE,
        )
        return [given, expired]


_OWN_ANSWER = {
    Status.GIVEN: "the person has given this consent here",
    Status.REQUESTED: "the person is being asked here, and their own answer counts",
}

_ONLY_A_YES = "only a new YES of the person lifts that"


def _against(purpose: str, state: _State) -> str:
    """Return what outweighs a claim, with what would lift it; empty if nothing does."""
    if state.moved:
        return "the number changed hands; only a new YES of whoever has it now counts"
    for record in state.records:
        if record.restricted:
            return "the person has restricted the use of their data; only they can lift that"
        if record.paused:
            return "the person was asked if they want to stop; wait for their answer"
    for record in state.records:
        consent = record.consent(purpose)
        if consent.status is Status.GIVEN:
            continue
        if consent.stopped_at:
            objected = _last_stop(state.past, purpose) is Kind.OBJECTED
            return f"{'objected to' if objected else 'withdrawn'} on {iso(consent.stopped_at)[:10]}; {_ONLY_A_YES}"
        if consent.status is Status.REFUSED:
            return f"the person said no on {iso(consent.since)[:10]}; {_ONLY_A_YES}"
        if consent.ended:
            return f"the consent given here has ended ({consent.status}); only a new YES renews it"
    since = max(state.suppressed.get(purpose, 0), state.suppressed.get(EVERY, 0))
    consent = state.record.consent(purpose)
    if since and (consent.status is not Status.GIVEN or since >= consent.asked_at):
        return f"the address is suppressed since {iso(since)[:10]}; {_ONLY_A_YES}"
    return ""


def _last_stop(past: Sequence[PastFact], purpose: str) -> Kind | None:
    stops: list[Fact] = [
        entry.fact
        for entry in past
        if entry.fact.purpose in (purpose, EVERY) and entry.fact.kind in (Kind.WITHDRAWN, Kind.OBJECTED, Kind.ERASED)
    ]
    return stops[-1].kind if stops else None

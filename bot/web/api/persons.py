"""Operations about a person: where their consents stand, and what they said outside of the chat."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import Field, model_validator

from ...consent.lifecycle import Status
from ...consent.outside import Way
from ...consent.requests import Request, State
from ...consent.rights import Right
from ...service.operators.changes import Noted, Told, UnknownLanguage, UnknownPurpose
from ...service.operators.find import Looked
from ...service.operators.person import InForce, KnownPerson
from ...service.ports import Scope
from .models import Address, Locale, PurposeId, Reason, Words, moment, moment_if_any
from .operation import Answer, AnyOperation, Api, Body, Call, Nothing, Operation, Shown
from .problems import Problem, invalid


class Search(Body):
    """Whom to look for."""

    address: Address
    reason: Reason | None = Field(None, description="why you look; by default the reason of the token")


_ONE_OF = {"oneOf": [{"required": ["purposes"]}, {"required": ["all"]}]}


class Ending(Body, json_schema_extra=_ONE_OF):
    """What a person wants to end."""

    purposes: list[PurposeId] | None = Field(None, min_length=1, max_length=50, description="either these")
    all: Literal[True] | None = Field(None, description="or all of them")
    channel: Way = Field(description="how the person said it")
    reason: Reason

    @model_validator(mode="after")
    def _either(self) -> "Ending":
        if ("purposes" in self.model_fields_set) is ("all" in self.model_fields_set):
            raise ValueError("needs either `purposes` or `all`; send exactly one of them")
        return self


class Restriction(Body):
    """Whether the use of the person's data is restricted."""

    lift: bool = Field(False, description="true ends the restriction, as the person wishes")
    channel: Way = Field(description="how the person said it")
    reason: Reason


class ErasureOrder(Body):
    """That a person wants to be erased."""

    channel: Way | None = Field(None, description="how the person said it")
    reason: Reason


class Correction(Body, json_schema_extra={"anyOf": [{"required": ["locale"]}, {"required": ["details"]}]}):
    """What a person wants corrected."""

    locale: Locale | None = Field(None, description="the language in which they want to be written to; used at once")
    details: Words | None = Field(None, description="what else, in their words; your people must correct it")
    channel: Way = Field(description="how the person said it")
    reason: Reason

    @model_validator(mode="after")
    def _something(self) -> "Correction":
        if not self.model_fields_set & {"locale", "details"}:
            raise ValueError("says nothing to correct; send `locale`, `details` or both")
        return self


class ConsentShown(Shown):
    """Where the consent to one purpose stands."""

    purpose: str = Field(examples=["order_updates"])
    status: InForce = Field(
        description="`none`: never asked; `asked`: has not answered yet; `in`; `out`: refused, withdrawn or ended"
    )
    state: Status = Field(description="the same, as the ledger tells it")
    legal_basis: str | None = Field(description="what messages for the purpose may rest on; null: nothing")
    since: datetime | None
    until: datetime | None = Field(description="when that ends by itself")
    claimed: datetime | None = Field(description="when an imported file says that it was given; that allows nothing")
    source: str | None = Field(description="how it came about", examples=["chat"])
    evidence: int | None = Field(description="the number of the ledger entry that shows it")
    paused: bool = Field(description="whether the person may have meant to stop: nothing is sent until they answer")
    restricted: bool = Field(description="whether the use of their data is restricted: nothing is sent")


class PersonShown(Shown):
    """A person, without addresses."""

    person: str = Field(description="the id of the person, for all other operations")
    merged: list[str] = Field(description="other ids of the same person")
    locale: str = Field(description="empty when it is not known")
    erased_at: datetime | None = Field(description="when the person was erased; then nothing may be sent to them")
    consents: list[ConsentShown]


class RequestShown(Shown):
    """What a person asked for about their data."""

    id: str
    person: str
    right: Right
    received_at: datetime
    due: date = Field(description="the last day to answer it")
    state: State


class Changed(Shown):
    """What is in force now."""

    person: str
    recorded: list[str] = Field(description="the purposes for which something was recorded; none if all was known")
    request: RequestShown | None = Field(description="the request that this is, to be answered until it is due")
    consents: list[ConsentShown]


class Gone(Shown):
    """What an erasure left."""

    person: str
    erased_at: datetime
    suppressed: list[str] = Field(description="the purposes for which nothing may be sent")
    proof_until: date | None = Field(description="how long the proof without name and number is kept")


_End = Callable[[Looked, Sequence[str] | None, Told], Awaitable[Noted]]
"""Notes the end of consents."""


def request_shown(request: Request) -> RequestShown:
    """Return a request as it is shown."""
    return RequestShown(
        id=request.id,
        person=request.person,
        right=request.right,
        received_at=moment(request.received_at),
        due=request.due,
        state=request.state,
    )


def _consents(known: KnownPerson) -> list[ConsentShown]:
    return [
        ConsentShown(
            purpose=purpose,
            status=consent.in_force,
            state=consent.state,
            legal_basis=consent.consent.legal_basis or None,
            since=moment_if_any(consent.consent.since),
            claimed=moment_if_any(consent.consent.claimed_at if consent.consent.claimed else 0),
            until=moment_if_any(consent.until),
            source=consent.source,
            evidence=consent.evidence,
            paused=consent.consent.paused,
            restricted=consent.consent.restricted,
        )
        for purpose, consent in known.consents.items()
    ]


async def _person(api: Api, looked: Looked) -> Answer:
    known = await api.person.show(looked)
    return Answer(
        PersonShown(
            person=known.person,
            merged=list(known.merged),
            locale=known.locale,
            erased_at=moment_if_any(known.erased_at),
            consents=_consents(known),
        )
    )


async def _search(api: Api, call: Call[Search]) -> Answer:
    return await _person(api, await api.find.by_address(call.sent.address, call.look))


async def _get(api: Api, call: Call[Nothing]) -> Answer:
    return await _person(api, await api.find.by_id(call.path["ref"], call.look))


async def _withdraw(api: Api, call: Call[Ending]) -> Answer:
    return await _ended(api, call, api.changes.withdraw)


async def _object(api: Api, call: Call[Ending]) -> Answer:
    return await _ended(api, call, api.changes.object)


async def _ended(api: Api, call: Call[Ending], end: _End) -> Answer:
    looked = await api.find.by_id(call.path["ref"], call.look)
    try:
        noted = await end(looked, call.sent.purposes, _told(call, call.sent.channel))
    except UnknownPurpose as error:
        told = f"send one of: {', '.join(error.known)}"
        raise invalid(f"purposes.{error.number}", "is no purpose", told) from None
    return await _changed(api, looked, noted)


async def _restrict(api: Api, call: Call[Restriction]) -> Answer:
    looked = await api.find.by_id(call.path["ref"], call.look)
    change = api.changes.lift if call.sent.lift else api.changes.restrict
    return await _changed(api, looked, await change(looked, _told(call, call.sent.channel)))


async def _correct(api: Api, call: Call[Correction]) -> Answer:
    looked, sent = await api.find.by_id(call.path["ref"], call.look), call.sent
    try:
        noted = await api.changes.correct(
            looked, _told(call, sent.channel), locale=sent.locale or "", details=sent.details or ""
        )
    except UnknownLanguage:
        offered = ", ".join(api.languages)
        raise invalid("locale", "is not a language that is offered", f"send one of: {offered}") from None
    return await _changed(api, looked, noted)


async def _erase(api: Api, call: Call[ErasureOrder]) -> Answer:
    looked = await api.find.by_id(call.path["ref"], call.look)
    done = await api.person.erase(looked, call.sent.channel)
    return Answer(
        Gone(
            person=done.person,
            erased_at=moment(done.at),
            suppressed=list(done.withdrawn),
            proof_until=done.proof_until,
        )
    )


def _told(call: Call[Ending] | Call[Restriction] | Call[Correction], channel: Way) -> Told:
    return Told(channel.method, call.id)


async def _changed(api: Api, looked: Looked, noted: Noted) -> Answer:
    known = await api.person.show(looked)
    return Answer(
        Changed(
            person=known.person,
            recorded=[entry.purpose for entry in noted.entries],
            request=request_shown(noted.request) if noted.request else None,
            consents=_consents(known),
        )
    )


_TAG = "Persons"

_KNOWN = (Problem.PERSON_UNKNOWN,)
_ALIVE = (Problem.PERSON_UNKNOWN, Problem.PERSON_ERASED)

OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="searchPersons",
        method="POST",
        path="/persons/search",
        scope=Scope.READ,
        tag=_TAG,
        summary="Find a person by an address",
        description="The address stands in the body, so that it is in no log. The look is recorded with its reason.",
        sent=Search,
        answers={200: PersonShown},
        problems=_KNOWN,
        handle=_search,
        about_person=True,
    ),
    Operation(
        id="getPerson",
        method="GET",
        path="/persons/{ref}",
        scope=Scope.READ,
        tag=_TAG,
        summary="Show a person's consents",
        description="The look is recorded with its reason.",
        sent=Nothing,
        answers={200: PersonShown},
        problems=_KNOWN,
        handle=_get,
        about_person=True,
    ),
    Operation(
        id="withdraw",
        method="POST",
        path="/persons/{ref}/withdrawals",
        scope=Scope.WITHDRAW,
        tag=_TAG,
        summary="Record a withdrawal",
        description="It is in force at once, also for messages that are queued, and closes a question that waits. "
        "Only a new YES of the person undoes it (GDPR Art. 7(3)).",
        sent=Ending,
        answers={200: Changed},
        problems=_ALIVE,
        handle=_withdraw,
        about_person=True,
        idempotent=True,
    ),
    Operation(
        id="object",
        method="POST",
        path="/persons/{ref}/objections",
        scope=Scope.WITHDRAW,
        tag=_TAG,
        summary="Record an objection",
        description="As strong as a withdrawal, and a request to be answered within a month (GDPR Art. 21, 12(3)).",
        sent=Ending,
        answers={200: Changed},
        problems=_ALIVE,
        handle=_object,
        about_person=True,
        idempotent=True,
    ),
    Operation(
        id="restrict",
        method="POST",
        path="/persons/{ref}/restrictions",
        scope=Scope.REQUESTS,
        tag=_TAG,
        summary="Restrict the use of a person's data, or lift the restriction",
        description="While it is restricted nothing is sent to the person (GDPR Art. 18). The restriction is a request "
        "to be answered within a month.",
        sent=Restriction,
        answers={200: Changed},
        problems=_ALIVE,
        handle=_restrict,
        about_person=True,
        idempotent=True,
    ),
    Operation(
        id="correct",
        method="POST",
        path="/persons/{ref}/corrections",
        scope=Scope.REQUESTS,
        tag=_TAG,
        summary="Correct something about a person",
        description="The language is corrected at once. `details` stay an open request until your people have "
        "corrected them everywhere and close it (GDPR Art. 16).",
        sent=Correction,
        answers={200: Changed},
        problems=_ALIVE,
        handle=_correct,
        about_person=True,
        idempotent=True,
    ),
    Operation(
        id="erase",
        method="POST",
        path="/persons/{ref}/erasure",
        scope=Scope.REQUESTS,
        tag=_TAG,
        summary="Erase a person",
        description="It can't be undone (GDPR Art. 17). The proof without name and number is kept to the end of its "
        "retention, and nothing may be sent to the person's addresses. A repetition changes nothing.",
        sent=ErasureOrder,
        answers={200: Gone},
        problems=_KNOWN,
        handle=_erase,
        about_person=True,
    ),
]

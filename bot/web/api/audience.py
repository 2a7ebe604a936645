"""Whom the company may write to, and lists from elsewhere: `/persons/query`, `/suppressions`, `/imports`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from ...consent.evidence import Method
from ...service.operators.audience import Member, Standing, Stopped
from ...service.operators.audience import Question as Wanted
from ...service.operators.import_formats import OWN, formats
from ...service.operators.import_rows import objects
from ...service.operators.imports import Terms
from ...service.ports import PersonId, Scope
from .addresses import may_see_addresses
from .models import Address, Label, Limit, Line, Locale, PurposeId, Reason, moment
from .operation import Answer, AnyOperation, Api, Body, Call, Operation, Query, Shown
from .problems import blamed_on, invalid

MOST = 1000
"""Persons of a page, and rows or addresses of a call."""

_ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class QuerySent(Body):
    """Who is wanted."""

    purpose: PurposeId
    status: Standing | None = Field(default=None, strict=False, description="`in`: may be written to now; none: any")
    source: Method | None = Field(default=None, strict=False, description="how the consent, or its end, came about")
    since: AwareDatetime | None = Field(default=None, description="only what began then or later")
    locale: Locale | None = Field(default=None, description="only persons with this language")
    cursor: UUID | None = Field(default=None, strict=False, description="`next` of the page before")
    limit: Limit = 100
    addresses: bool = Field(default=False, description="with their addresses, which needs the scope `read_addresses`")


class MemberShown(Shown):
    """Where one person stands."""

    person: str
    status: str = Field(description="`in`, `out`, `asked`, `claimed` or `none`: never asked")
    reason: str | None = Field(description="why they may not be written to, in the gate's words")
    since: str | None
    until: str | None
    source: str | None
    evidence: int | None = Field(description="number of the entry in the ledger")
    locale: str | None
    phone: str | None = None
    whatsapp_id: str | None = None


class MembersShown(Shown):
    """A page of those wanted."""

    persons: list[MemberShown]
    next: str | None = Field(description="for `cursor`; null after the last page")


class SuppressionsSent(Body):
    """Addresses whose owners do not want to be written to."""

    addresses: list[Address] = Field(min_length=1, max_length=MOST)
    purposes: list[PurposeId] | None = Field(
        default=None, min_length=1, max_length=10, description="none: all, also future ones"
    )
    reason: Reason


class SuppressionsShown(Shown):
    """What came of it."""

    added: int
    known: int = Field(description="how many were suppressed before")


class SuppressionsWanted(Query):
    """From where on."""

    cursor: str = Field(
        "",
        pattern=rf"^({_ID})?$",
        description="`next` of the page before",
        examples=["019a0000-0000-7000-8000-000000000001"],
    )
    limit: Limit = 100


class SuppressionShown(Shown):
    """Somebody who does not want to be written to."""

    person: str
    addresses: list[str] = Field(examples=[["+4915112345678"]])
    purposes: dict[str, datetime] = Field(
        description="the purposes that they withdrew or refused, each with since when"
    )


class SuppressionPage(Shown):
    """A page of those who do not want to be written to."""

    suppressions: list[SuppressionShown]
    next: str | None = Field(description="for `cursor`; null after the last page")


class RowsSent(Body):
    """Rows of consents or suppressions, as another program exports them."""

    source: Label = Field(max_length=200, description="where they come from (GDPR Art. 14(2)(f))")
    format: Line = Field(default=OWN, max_length=40, examples=[OWN])
    rows: list[dict[str, Any]] = Field(min_length=1, max_length=MOST)
    purposes: list[PurposeId] = Field(default=[], max_length=10, description="of rows that name none")
    dry_run: bool = False


class RowShown(Shown):
    """What came of a row."""

    row: int = Field(description="counted from 1")
    outcome: str = Field(examples=["claimed"])
    purpose: str
    why: str


class RowsShown(Shown):
    """What came of the rows."""

    rows: list[RowShown]
    counts: dict[str, int]


async def _query(api: Api, call: Call[QuerySent]) -> Answer:
    sent = call.sent
    if sent.locale is not None and sent.locale not in api.languages:
        raise invalid("locale", "is not a language that is offered", f"send one of: {', '.join(api.languages)}")
    if sent.addresses:
        may_see_addresses(call.token, otherwise="leave out `addresses`")
    since = int(sent.since.timestamp()) if sent.since else 0
    wanted = Wanted(sent.purpose, sent.status, sent.source, since, sent.locale or "")
    with blamed_on("purpose"):
        page = await api.audience.page(
            wanted,
            call.look,
            after=PersonId(str(sent.cursor)) if sent.cursor else None,
            most=sent.limit,
            addresses=sent.addresses,
        )
    return Answer(MembersShown(persons=[_member(member) for member in page.members], next=page.next))


def _member(member: Member) -> MemberShown:
    return MemberShown.model_validate(member.as_dict())


async def _suppress(api: Api, call: Call[SuppressionsSent]) -> Answer:
    sent = call.sent
    with blamed_on("purposes"):
        done = await api.suppress.addresses(sent.addresses, sent.purposes, sent.reason, call.look)
    return Answer(SuppressionsShown(added=done.added, known=done.known))


async def _stopped(api: Api, call: Call[SuppressionsWanted]) -> Answer:
    may_see_addresses(call.token)
    after = PersonId(call.sent.cursor) if call.sent.cursor else None
    page = await api.audience.stopped(call.look, after=after, most=call.sent.limit)
    return Answer(SuppressionPage(suppressions=[_suppression(stopped) for stopped in page.members], next=page.next))


def _suppression(stopped: Stopped) -> SuppressionShown:
    purposes = {purpose: moment(at) for purpose, at in stopped.purposes.items()}
    return SuppressionShown(person=stopped.person, addresses=list(stopped.addresses), purposes=purposes)


async def _import(api: Api, call: Call[RowsSent]) -> Answer:
    sent = call.sent
    if sent.format not in formats():
        raise invalid("format", "not a known format", f"send one of {', '.join(formats())}")
    rows = objects(sent.rows, sent.format)
    shown: list[RowShown] = []
    counts: Mapping[str, int] = {}
    with blamed_on("purposes"):
        terms = Terms(sent.source, sent.purposes)
        async for step in api.imports.rows(rows, terms, call.look, dry_run=sent.dry_run):
            counts = step.counts
            shown += [
                RowShown(row=told.row, outcome=told.what, purpose=told.purpose, why=told.why) for told in step.outcomes
            ]
    return Answer(RowsShown(rows=shown, counts=dict(counts)))


OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="queryPersons",
        method="POST",
        path="/persons/query",
        scope=Scope.READ,
        tag="Persons",
        summary="List whom you may write to about a purpose, or may not",
        description="The gate decides who is `in`. A look at each person is recorded.",
        sent=QuerySent,
        answers={200: MembersShown},
        handle=_query,
        about_person=True,
    ),
    Operation(
        id="suppressAddresses",
        method="POST",
        path="/suppressions",
        scope=Scope.WITHDRAW,
        tag="Consent",
        summary="Suppress addresses at once",
        description="Known persons are withdrawn in their ledger; of strangers only a keyed hash is kept.",
        sent=SuppressionsSent,
        answers={200: SuppressionsShown},
        handle=_suppress,
        about_person=True,
    ),
    Operation(
        id="listSuppressions",
        method="GET",
        path="/suppressions",
        scope=Scope.READ,
        tag="Consent",
        summary="List whom you may not write to, with their addresses",
        description=(
            "Persons who withdrew or refused something. Needs the scope `read_addresses` as well, and a look at each "
            "is recorded. Of erased persons, and of strangers on imported lists, only keyed hashes are kept: they "
            "can't be exported. The gate knows them nevertheless."
        ),
        sent=SuppressionsWanted,
        answers={200: SuppressionPage},
        handle=_stopped,
        about_person=True,
    ),
    Operation(
        id="importRows",
        method="POST",
        path="/imports",
        scope=Scope.IMPORT,
        tag="Consent",
        summary="Import consents as claims, and suppressions",
        description=(
            "An imported consent allows nothing until its evidence is confirmed, or the person says YES; nothing "
            "imported lifts a withdrawal. For more than a thousand rows use `python -m bot import`."
        ),
        sent=RowsSent,
        answers={200: RowsShown},
        handle=_import,
        about_person=True,
        largest=8 * 2**20,
    ),
]

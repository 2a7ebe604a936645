"""Operations about what persons ask about their data (GDPR Art. 12): see the deadline, note the answer."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from ...consent.answers import Said
from ...consent.requests import Request, State
from ...service.operators.requests import KnownRequest
from ...service.ports import Scope
from .cursor import LONGEST, cursor, not_ours, parts_of
from .models import Reason, moment, moment_if_any
from .operation import Answer, AnyOperation, Api, Body, Call, Nothing, Operation, Query, Shown
from .persons import RequestShown, request_shown
from .problems import Problem

MOST = 200


class Asked(StrEnum):
    """Which requests are listed."""

    OPEN = "open"
    EXTENDED = "extended"
    DONE = "done"
    REFUSED = "refused"
    WAITING = "waiting"
    """Those that are open or extended."""


class Listing(Query):
    """Which requests, and from where on."""

    state: Asked = Field(Asked.WAITING, description="`waiting`: open or extended")
    cursor: str = Field("", max_length=LONGEST, description="`next` of the answer before")
    limit: int = Field(50, ge=1, le=MOST, description=f"how many at a time, {MOST} at most")


class Step(StrEnum):
    """The steps that a request can take."""

    DONE = "done"
    REFUSED = "refused"
    EXTENDED = "extended"


class Change(Body):
    """A step of a request."""

    state: Step = Field(description="`extended`: two more months, within the first month (GDPR Art. 12(3))")
    reason: Reason


class RequestPage(Shown):
    """Requests, the most urgent first."""

    requests: list[RequestShown]
    next: str | None = Field(description="send it as `cursor` for the requests after these; null at the end")


class StepShown(Shown):
    """Something that happened to a request."""

    at: datetime
    state: State
    actor: str
    reason: str


class WholeRequest(RequestShown):
    """A request with everything that is known about it."""

    details: str = Field(description="the person's own words; empty when there are none, or they are erased")
    erased_at: datetime | None = Field(description="when the person was erased")
    steps: list[StepShown]


async def _list(api: Api, call: Call[Listing]) -> Answer:
    sent = call.sent
    states = [State.OPEN, State.EXTENDED] if sent.state is Asked.WAITING else [State(sent.state)]
    found = await api.requests.page(states, _after(sent.cursor) if sent.cursor else None, sent.limit + 1)
    page, more = found[: sent.limit], len(found) > sent.limit
    onwards = cursor(page[-1].due.isoformat(), page[-1].id) if more else None
    return Answer(RequestPage(requests=[request_shown(request) for request in page], next=onwards))


def _after(text: str) -> tuple[date, str]:
    due, id = parts_of(text, 2)
    try:
        return date.fromisoformat(due), str(UUID(id))
    except ValueError:
        raise not_ours() from None


async def _get(api: Api, call: Call[Nothing]) -> Answer:
    return _whole(await api.requests.show(call.path["id"], call.look))


async def _change(api: Api, call: Call[Change]) -> Answer:
    id, reason = call.path["id"], call.sent.reason
    changed: Request = await api.requests.note(id, State(call.sent.state), Said(words=reason), call.look)
    return Answer(request_shown(changed))


def _whole(known: KnownRequest) -> Answer:
    shown = request_shown(known.request)
    return Answer(
        WholeRequest(
            **shown.model_dump(),
            details=known.details,
            erased_at=moment_if_any(known.erased_at),
            steps=[
                StepShown(at=moment(step.at), state=step.state, actor=step.actor, reason=step.reason)
                for step in known.steps
            ],
        )
    )


_TAG = "Requests about data"

OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="listRequests",
        method="GET",
        path="/requests",
        scope=Scope.REQUESTS,
        tag=_TAG,
        summary="List requests, the most urgent first",
        sent=Listing,
        answers={200: RequestPage},
        handle=_list,
    ),
    Operation(
        id="getRequest",
        method="GET",
        path="/requests/{id}",
        scope=Scope.REQUESTS,
        tag=_TAG,
        summary="Show a request with its steps and the person's words",
        description="The look is recorded with its reason.",
        sent=Nothing,
        answers={200: WholeRequest},
        problems=(Problem.REQUEST_UNKNOWN,),
        handle=_get,
        about_person=True,
    ),
    Operation(
        id="changeRequest",
        method="PATCH",
        path="/requests/{id}",
        scope=Scope.REQUESTS,
        tag=_TAG,
        summary="Note that a request was answered, refused or extended",
        description="A refusal and an extension need the reason that you told the person (GDPR Art. 12(3)-(4)).",
        sent=Change,
        answers={200: RequestShown},
        problems=(Problem.REQUEST_UNKNOWN, Problem.REQUEST_CLOSED),
        handle=_change,
        about_person=True,
    ),
]

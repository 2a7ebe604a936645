"""Operations about what persons ask about their data (GDPR Art. 12): see the deadline, answer them."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from ...consent.answers import MOST_WORDS, Because, Said
from ...consent.requests import State
from ...errors import problem_and_cure
from ...messages.inbound import Sender
from ...service.operators.reach import Reach
from ...service.operators.requests import CannotTell, KnownRequest
from ...service.ports import Scope
from ...service.sending.reasons import Reason as Withheld
from .cursor import LONGEST, cursor, not_ours, parts_of
from .models import Label, Line, moment, moment_if_any
from .operation import Answer, AnyOperation, Api, Body, Call, Nothing, Operation, Query, Shown
from .persons import RequestShown, request_shown
from .problems import Problem, Refused

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
    """A step of a request, and what the person is told about it."""

    state: Step = Field(description="`extended`: two more months, within the first month (GDPR Art. 12(3))")
    because: Because | None = Field(
        None, description="the reason, told in the person's own language", examples=["corrected"]
    )
    reason: Line | None = Field(
        None,
        min_length=1,
        max_length=MOST_WORDS,
        description="more about it, or another reason: told as you write it, marked as your words; it is recorded",
        examples=["We found your parcel."],
    )
    told: Label | None = Field(
        None,
        max_length=200,
        description="how you told them yourself: then nothing is sent",
        examples=["by letter of 30 November"],
    )


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


class ToldIn(StrEnum):
    """How the person learns of a step."""

    CHAT = "chat"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"


class ChangedRequest(RequestShown):
    """A request after a step, and whether the person learns of it."""

    told: ToldIn = Field(
        description="`chat`: a message is on its way, and the steps of the request show what becomes of it; "
        "`elsewhere`: you told them; `nowhere`: see `not_told`"
    )
    not_told: str | None = Field(description="why nobody can tell them here; null if they are told")


class FateShown(Shown):
    """A message to the person, and what became of it."""

    what: str = Field(examples=["question, offers"])
    at: datetime
    became: str = Field(examples=["answered with no"])


class ReachShown(Shown):
    """How the person can be answered."""

    phone: str | None = Field(description="null if it is not known, or the token lacks the scope `read_addresses`")
    whatsapp_id: str | None = Field(description="the BSUID; null as for `phone`")
    locale: str = Field(description="empty when it is not known")
    wrote_at: datetime | None = Field(description="when they last wrote")
    window_ends: datetime | None = Field(description="until when they can be answered in the chat")
    withheld: Withheld | None = Field(description="why they can't be answered in the chat now; null if they can")
    why_not: str = Field(description="the same in words; empty if they can")
    last: list[FateShown] = Field(description="the last question, and your last message")


class WholeRequest(RequestShown):
    """A request with everything that is known about it."""

    details: str = Field(description="the person's own words; empty when there are none, or they are erased")
    erased_at: datetime | None = Field(description="when the person was erased")
    reach: ReachShown
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
    known = await api.requests.show(call.path["id"], call.look)
    return _whole(known, with_addresses=call.token.may(Scope.READ_ADDRESSES))


async def _change(api: Api, call: Call[Change]) -> Answer:
    sent, told = call.sent, call.sent.told or ""
    said = Said(sent.because, sent.reason or "")
    try:
        done = await api.requests.answer(call.path["id"], State(sent.state), said, call.look, told=told)
    except CannotTell as error:
        problem, _ = problem_and_cure(str(error))
        raise Refused(Problem.NOT_TOLD, problem, reason=error.withheld) from None
    how = ToldIn.ELSEWHERE if told else ToldIn.NOWHERE if done.untold else ToldIn.CHAT
    shown = request_shown(done.request).model_dump()
    return Answer(ChangedRequest(**shown, told=how, not_told=done.untold or None))


def _whole(known: KnownRequest, *, with_addresses: bool) -> Answer:
    shown = request_shown(known.request)
    return Answer(
        WholeRequest(
            **shown.model_dump(),
            details=known.details,
            erased_at=moment_if_any(known.erased_at),
            reach=_reach(known.reach, with_addresses=with_addresses),
            steps=[
                StepShown(at=moment(step.at), state=step.state, actor=step.actor, reason=step.reason)
                for step in known.steps
            ],
        )
    )


def _reach(reach: Reach, *, with_addresses: bool) -> ReachShown:
    sender = reach.sender if with_addresses else Sender()
    return ReachShown(
        phone=sender.phone,
        whatsapp_id=sender.bsuid,
        locale=reach.locale,
        wrote_at=moment_if_any(reach.wrote_at),
        window_ends=moment_if_any(reach.window_ends),
        withheld=reach.withheld,
        why_not=reach.why_not,
        last=[FateShown(what=fate.what, at=moment(fate.at), became=fate.became) for fate in reach.last],
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
        summary="Show a request with its steps, the person's words, and how to answer",
        description="The look is recorded with its reason. Addresses need the scope `read_addresses` as well.",
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
        summary="Answer, refuse or extend a request, and tell the person",
        description="The person is told in the chat, in their language, what became of it and why. A refusal and an "
        "extension need `because` or `reason` (GDPR Art. 12(3)-(4)). If they can't be told in the chat, nothing is "
        "changed and `not_told` says why: tell them in another way, and say how in `told`. It needs no key: a "
        "repetition takes no second step and tells them once.",
        sent=Change,
        answers={200: ChangedRequest},
        problems=(Problem.REQUEST_UNKNOWN, Problem.REQUEST_CLOSED, Problem.NOT_TOLD),
        handle=_change,
        about_person=True,
    ),
]

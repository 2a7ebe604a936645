"""Events, for whoever asks instead of being told, and the webhooks that are told: `/events`, `/webhooks`."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from ...service.ports import Event, EventType, Scope
from ...times import iso
from .models import Line
from .operation import Answer, AnyOperation, Api, Body, Call, Nothing, Operation, Query, Shown
from .problems import Problem, blamed_on


class AfterSent(Query):
    """Where to begin."""

    after: Line = Field(default="", max_length=40, description="`next` of an earlier answer; empty: from the oldest")
    limit: int = Field(default=100, ge=1, le=1000)


class EventShown(Shown):
    """An event. It holds our reference to a person and facts, never a number, a name or a text."""

    id: str = Field(description="the same as the `webhook-id` of its webhook")
    type: str = Field(examples=["consent.given"])
    at: str = Field(description="UTC, ISO 8601")
    person: str | None
    data: dict[str, Any]


class EventsShown(Shown):
    """Events in order."""

    events: list[EventShown]
    next: str = Field(description="for `after`, also when nothing came yet")


class EndpointSent(Body):
    """A system that is to be told."""

    url: Line = Field(min_length=1, max_length=2000, examples=["https://crm.blumen-haas.example/consentbot"])
    types: list[EventType] = Field(default=[], max_length=50, description="none: all", examples=[["consent.given"]])
    with_address: bool = Field(default=False, description="whether it is told the person's address as well")


class EndpointAdded(Shown):
    """The endpoint and its secret, which is shown this once."""

    id: str
    secret: str = Field(description="verifies the signatures; begins with `whsec_`")


class EndpointShown(Shown):
    """An endpoint, and how far it is."""

    id: str
    host: str
    types: list[str]
    with_address: bool
    waiting: int
    oldest_seconds: int
    given_up: int
    status: str = Field(description="what the last attempt led to")


class EndpointsShown(Shown):
    """All endpoints."""

    webhooks: list[EndpointShown]


class Tried(Shown):
    """How an endpoint answered a test event."""

    ok: bool
    status: str
    seconds: float


class Replayed(Shown):
    """What is sent again."""

    events: int


class ReplaySent(Body):
    """What to send again."""

    all: bool = Field(default=False, description="everything that is still kept; else only what was given up")


class Removed(Shown):
    """The endpoint is gone."""

    removed: bool


def shown(event: Event) -> EventShown:
    """Return an event as clients get it."""
    told = event.as_dict()
    return EventShown(id=event.id, type=event.type, at=iso(event.at), person=event.person, data=told["data"])


async def _after(api: Api, call: Call[AfterSent]) -> Answer:
    with blamed_on("after"):
        page = await api.events.after(call.sent.after, call.sent.limit)
    return Answer(EventsShown(events=[shown(event) for event in page.events], next=page.next))


async def _add(api: Api, call: Call[EndpointSent]) -> Answer:
    sent = call.sent
    with blamed_on("url"):
        added = await api.endpoints.add(sent.url, types=sent.types, with_address=sent.with_address)
    return Answer(EndpointAdded(id=added.id, secret=added.secret), 201)


async def _list(api: Api, _: Call[Nothing]) -> Answer:
    lines = [EndpointShown.model_validate(line.as_dict()) for line in await api.endpoints.list()]
    return Answer(EndpointsShown(webhooks=lines))


async def _test(api: Api, call: Call[Nothing]) -> Answer:
    tried = await api.endpoints.test(call.path["id"])
    return Answer(Tried(ok=tried.ok, status=tried.status, seconds=tried.seconds))


async def _rotate(api: Api, call: Call[Nothing]) -> Answer:
    added = await api.endpoints.rotate(call.path["id"])
    return Answer(EndpointAdded(id=added.id, secret=added.secret))


async def _replay(api: Api, call: Call[ReplaySent]) -> Answer:
    events = await api.endpoints.replay(call.path["id"], all=call.sent.all)
    return Answer(Replayed(events=events))


async def _remove(api: Api, call: Call[Nothing]) -> Answer:
    await api.endpoints.remove(call.path["id"])
    return Answer(Removed(removed=True))


OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="listEvents",
        method="GET",
        path="/events",
        scope=Scope.EVENTS,
        tag="Events",
        summary="Read what happened, in order",
        description="What is noted later always comes after `next`, so nothing is missed. Types: `docs/crm.md`.",
        sent=AfterSent,
        answers={200: EventsShown},
        handle=_after,
    ),
    Operation(
        id="listWebhooks",
        method="GET",
        path="/webhooks",
        scope=Scope.EVENTS,
        tag="Events",
        summary="List the systems that are told of events, and how far each is",
        sent=Nothing,
        answers={200: EndpointsShown},
        handle=_list,
    ),
    Operation(
        id="addWebhook",
        method="POST",
        path="/webhooks",
        scope=Scope.EVENTS,
        tag="Events",
        summary="Have a system told of events from now on",
        description="Webhooks are signed as Standard Webhooks. The secret is in this answer only.",
        sent=EndpointSent,
        answers={201: EndpointAdded},
        handle=_add,
    ),
    Operation(
        id="testWebhook",
        method="POST",
        path="/webhooks/{id}/test",
        scope=Scope.EVENTS,
        tag="Events",
        summary="Send a test event to a system",
        sent=Nothing,
        answers={200: Tried},
        problems=[Problem.WEBHOOK_UNKNOWN],
        handle=_test,
    ),
    Operation(
        id="rotateWebhook",
        method="POST",
        path="/webhooks/{id}/rotate",
        scope=Scope.EVENTS,
        tag="Events",
        summary="Give a system a new secret; for a day the old one signs as well",
        sent=Nothing,
        answers={200: EndpointAdded},
        problems=[Problem.WEBHOOK_UNKNOWN],
        handle=_rotate,
    ),
    Operation(
        id="replayWebhook",
        method="POST",
        path="/webhooks/{id}/replay",
        scope=Scope.EVENTS,
        tag="Events",
        summary="Send a system again what was given up",
        sent=ReplaySent,
        answers={200: Replayed},
        problems=[Problem.WEBHOOK_UNKNOWN],
        handle=_replay,
    ),
    Operation(
        id="removeWebhook",
        method="DELETE",
        path="/webhooks/{id}",
        scope=Scope.EVENTS,
        tag="Events",
        summary="Forget a system, with what waits for it",
        sent=Nothing,
        answers={200: Removed},
        problems=[Problem.WEBHOOK_UNKNOWN],
        handle=_remove,
    ),
]

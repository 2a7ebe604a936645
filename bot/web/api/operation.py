"""How an operation of the API is declared: everything that routing, validation and documentation need."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from ...business import Business
from ...messages.inbound import Sender
from ...service.company.calls import Repeatable
from ...service.company.messages import Messages
from ...service.company.opt_ins import OptIns
from ...service.company.strangers import Strangers
from ...service.operators.audience import Audience
from ...service.operators.changes import Changes
from ...service.operators.conversations import ReadConversations
from ...service.operators.endpoints import ManageEndpoints
from ...service.operators.events import ReadEvents
from ...service.operators.figures import Count
from ...service.operators.find import Find, Look
from ...service.operators.imports import Imports
from ...service.operators.person import AboutPerson
from ...service.operators.requests import AnswerRequests
from ...service.operators.sales import RecordSale
from ...service.operators.suppress import Suppress
from ...service.operators.tokens import Admission
from ...service.ports import Scope, Token
from .problems import Problem

PREFIX = "/api/v1"

MEBIBYTE = 2**20


class Body(BaseModel):
    """What a client sends: strictly as documented, nothing more."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class Query(BaseModel):
    """The parameters after `?`: never anything personal, since addresses of pages are logged."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Shown(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True)


class Nothing(Query):
    """Neither a body nor parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The use cases that operations call."""

    admission: Admission
    find: Find
    person: AboutPerson
    changes: Changes
    requests: AnswerRequests
    conversations: ReadConversations
    count: Count
    business: Business
    address: Callable[[str], Sender | None]
    """Reads an address of any channel; None if a text is none."""
    audience: Audience
    suppress: Suppress
    imports: Imports
    events: ReadEvents
    endpoints: ManageEndpoints
    sales: RecordSale
    strangers: Strangers
    repeatable: Repeatable
    opt_ins: OptIns
    messages: Messages
    languages: Sequence[str]
    """Those that are offered."""

    @property
    def values(self) -> Mapping[str, Sequence[str]]:
        """The values that fields may have here, by the name of their kind."""
        return {"purposes": [purpose.id for purpose in self.business.purposes], "locales": self.languages}


Sent = TypeVar("Sent", bound=Body | Query)


@dataclass(frozen=True, slots=True)
class Call(Generic[Sent]):
    """A call that was let in, and what was sent, validated."""

    sent: Sent
    token: Token
    look: Look
    """Who looks at whom, how and why: for operations about persons."""
    path: Mapping[str, str]
    """The variable parts of the path."""
    id: str
    """A UUID for what the call makes or changes: the same at each repetition with the same `Idempotency-Key`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gets."""

    body: Shown
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Sent]):
    """An operation of the API."""

    id: str
    """In camel case: clients that are generated call their method so."""
    method: str
    path: str
    """Below `/api/v1`, with `{ref}` for variable parts; see `PATH_PARAMETERS`."""
    scope: Scope
    tag: str
    """The heading under which it is documented."""
    summary: str
    description: str = ""
    sent: type[Sent]
    """A `Body`, or a `Query` for operations that take none."""
    answers: Mapping[int, type[Shown]]
    """Status → what the answer holds."""
    problems: Sequence[Problem] = ()
    """Those of this operation, besides those that every operation may have."""
    handle: Callable[[Api, Call[Sent]], Awaitable[Answer]]
    about_person: bool = False
    """Whether it shows or changes something of a person: then the call may say why in the header `X-Reason`."""
    idempotent: bool = False
    """Whether a repetition with the same `Idempotency-Key` gets the first answer and does nothing."""
    largest: int = MEBIBYTE
    """Bytes of the body."""

    @property
    def has_body(self) -> bool:
        """Whether it takes a body."""
        return issubclass(self.sent, Body)

    @property
    def route(self) -> str:
        """The whole path."""
        return PREFIX + self.path

    @property
    def all_problems(self) -> Sequence[Problem]:
        """Every problem that a call may get."""
        body = [Problem.NOT_JSON, Problem.TOO_LARGE, Problem.NOT_OF_JSON_TYPE] if self.has_body else []
        return list(dict.fromkeys([*_ANY, *body, *self.problems]))


_ANY = (
    Problem.INVALID,
    Problem.UNAUTHENTICATED,
    Problem.SCOPE_MISSING,
    Problem.RATE_LIMITED,
    Problem.INTERNAL,
    Problem.UNAVAILABLE,
    Problem.BUSY,
)

AnyOperation = Operation[Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or a header."""

    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    example: str = ""


PATH_PARAMETERS: Mapping[str, Parameter] = {
    "ref": Parameter(
        "The id of a person, from `POST /api/v1/persons/search`. It says nothing about them.",
        {"type": "string", "format": "uuid"},
        "019a0000-0000-7000-8000-000000000001",
    ),
    "id": Parameter(
        "The id from the answer that named it.",
        {"type": "string", "format": "uuid"},
        "019a0000-0000-7000-8000-000000000002",
    ),
}

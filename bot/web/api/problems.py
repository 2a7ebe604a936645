"""What a call may get instead of what it asked for: a closed set of problems (RFC 9457), each with its cure."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from aiohttp import web

from ...errors import OperatorError, Unavailable, problem_and_cure

DOCS = "/api/docs"
"""The page that documents the API. The type of a problem is its address there, and never changes."""

CONTENT_TYPE = "application/problem+json"


class Problem(StrEnum):
    """The problems."""

    INVALID = "invalid"
    NOT_JSON = "not_json"
    UNAUTHENTICATED = "unauthenticated"
    SCOPE_MISSING = "scope_missing"
    PERSON_UNKNOWN = "person_unknown"
    REQUEST_UNKNOWN = "request_unknown"
    NO_SUCH_PATH = "no_such_path"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MESSAGE_UNKNOWN = "message_unknown"
    CONVERSATION_UNKNOWN = "conversation_unknown"
    WEBHOOK_UNKNOWN = "webhook_unknown"
    NOT_ASKED = "not_asked"
    NOT_SENT = "not_sent"
    NOT_RECORDED = "not_recorded"
    KEY_REUSED = "key_reused"
    REQUEST_CLOSED = "request_closed"
    NOT_TOLD = "not_told"
    PERSON_ERASED = "person_erased"
    TOO_LARGE = "too_large"
    NOT_OF_JSON_TYPE = "not_of_json_type"
    RATE_LIMITED = "rate_limited"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    BUSY = "busy"

    @property
    def type(self) -> str:
        """The URI of the problem, by which programs tell it from others."""
        return f"{DOCS}#{self}"

    @property
    def told(self) -> "Told":
        """What is always told about it."""
        return _TOLD[self]


@dataclass(frozen=True, slots=True)
class Told:
    """A problem in words."""

    status: int
    title: str
    cure: str


_TOLD: Mapping[Problem, Told] = {
    Problem.INVALID: Told(
        400, "Something in the request is not as documented", "correct each field that `errors` names; see its cure"
    ),
    Problem.NOT_JSON: Told(400, "The body is not JSON", "send one JSON document in UTF-8"),
    Problem.UNAUTHENTICATED: Told(
        401,
        "There is no token that is valid",
        "send `Authorization: Bearer cb_…` with a token from `python -m bot tokens create`",
    ),
    Problem.SCOPE_MISSING: Told(
        403, "The token may not do this", "make a token with the scope that `scope` names, and use it"
    ),
    Problem.PERSON_UNKNOWN: Told(
        404, "Nobody is known by this", "check the address or the id; persons become known when they are asked or write"
    ),
    Problem.REQUEST_UNKNOWN: Told(404, "There is no such request", "take the id from `GET /api/v1/requests`"),
    Problem.MESSAGE_UNKNOWN: Told(404, "There is no such message", "take the id from `POST /api/v1/messages`"),
    Problem.CONVERSATION_UNKNOWN: Told(
        404, "There is no such conversation", "take the id from `GET /api/v1/conversations` or from an event"
    ),
    Problem.WEBHOOK_UNKNOWN: Told(404, "There is no such webhook", "take the id from `GET /api/v1/webhooks`"),
    Problem.NOT_ASKED: Told(
        409, "The person is not asked", "see `reason`, and for each purpose `left_out`; only the person can change it"
    ),
    Problem.NOT_SENT: Told(
        409, "The message may not be sent", "see `reason`, and `retry_at` if time changes it; don't send it otherwise"
    ),
    Problem.NOT_RECORDED: Told(
        409, "The sale does not count", "see `cure`; docs/deployer.md says what a sale needs to stand in for a consent"
    ),
    Problem.KEY_REUSED: Told(
        422, "The Idempotency-Key was used for another call", "choose a new key for each call, such as a UUID"
    ),
    Problem.NO_SUCH_PATH: Told(404, "There is nothing at this path", f"see {DOCS} for what there is"),
    Problem.METHOD_NOT_ALLOWED: Told(405, "The path has no such method", "use a method that the header `Allow` names"),
    Problem.REQUEST_CLOSED: Told(
        409, "The request can't take this step", "get the request: its state and its steps tell what is still possible"
    ),
    Problem.NOT_TOLD: Told(
        409,
        "The person can't be told in the chat",
        "see `reason`; tell them in another way, and send it again with `told`, which says how",
    ),
    Problem.PERSON_ERASED: Told(
        410, "The person was erased", "nothing is left to do: nothing is sent to them any more"
    ),
    Problem.TOO_LARGE: Told(413, "The body is too large", "send less at once, in several calls"),
    Problem.NOT_OF_JSON_TYPE: Told(
        415, "The body is declared as something else than JSON", "send `Content-Type: application/json`"
    ),
    Problem.RATE_LIMITED: Told(
        429, "The token has used up its calls", "wait as long as `Retry-After` says; the header `RateLimit` counts down"
    ),
    Problem.INTERNAL: Told(
        500, "The program failed", "nothing that you sent is wrong: tell the operator, whose log names the place"
    ),
    Problem.UNAVAILABLE: Told(
        503, "The stores can't be reached", "send it again after `Retry-After`; `python -m bot doctor` tells more"
    ),
    Problem.BUSY: Told(503, "Too many calls at once", "send it again after `Retry-After`, and fewer at a time"),
}


class Refused(Exception):
    """A call gets a problem. Nothing in it repeats what the client sent."""

    def __init__(
        self,
        problem: Problem,
        detail: str = "",
        *,
        cure: str = "",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """`more`: members of this problem's own, such as `errors`."""
        super().__init__(problem)
        self.problem = problem
        self.detail = detail
        self.cure = cure
        self.headers = dict(headers or {})
        self.more = more


def invalid(field: str, problem: str, cure: str) -> Refused:
    """Return the refusal of one field."""
    return all_invalid([{"field": field, "problem": problem, "cure": cure}])


@contextmanager
def blamed_on(field: str) -> Iterator[None]:
    """Refuse this field for what an operator could cure in it. A store that is away is not the client's fault."""
    try:
        yield
    except Unavailable:
        raise
    except OperatorError as error:
        problem, cure = problem_and_cure(str(error))
        raise invalid(field, problem, cure) from None


def all_invalid(errors: Sequence[Mapping[str, str]]) -> Refused:
    """Return the refusal of several fields, each with `field`, `problem` and `cure`."""
    first = errors[0]
    return Refused(Problem.INVALID, f"{first['field']}: {first['problem']}; {first['cure']}", errors=list(errors))


def body_of_problem(refused: Refused) -> bytes:
    """Return the problem as JSON."""
    problem, told = refused.problem, refused.problem.told
    body = {
        "type": problem.type,
        "title": told.title,
        "status": told.status,
        "detail": refused.detail or told.title,
        "cure": refused.cure or told.cure,
        **refused.more,
    }
    return orjson.dumps(body)


def response(refused: Refused) -> web.Response:
    """Return the answer."""
    body, status = body_of_problem(refused), refused.problem.told.status
    return web.Response(body=body, status=status, content_type=CONTENT_TYPE, headers=refused.headers)

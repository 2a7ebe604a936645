"""Serves the declared operations: lets calls in, reads what was sent, and answers; problems as RFC 9457 has them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import orjson
import structlog
from aiohttp import web
from uuid_utils.compat import uuid7

from ...errors import OperatorError, Unavailable, problem_and_cure, where
from ...service import metrics
from ...service.company.calls import OtherCall
from ...service.operators.changes import Erased
from ...service.operators.conversations import UnknownConversation
from ...service.operators.endpoints import UnknownEndpoint
from ...service.operators.find import Look, UnknownPerson, UnknownRequest
from ...service.operators.requests import RequestClosed
from ...service.operators.tokens import Admission, Allowance, Denial, NotLetIn
from ...service.ports import Given, Scope, Token
from .document import document
from .operation import PREFIX, AnyOperation, Api, Call
from .operations import OPERATIONS
from .page import Page
from .problems import CONTENT_TYPE, DOCS, Problem, Refused, body_of_problem, response
from .reading import IDEMPOTENCY_KEY, REASON, body_of, header, query_of

log = structlog.get_logger(__name__)

AT_ONCE = 64
"""Maximum calls at a time in a process; the database has other work."""

LATER = {"Retry-After": "5"}

REPEATED = "Idempotency-Replayed"
"""The header of an answer that was given before."""

_REALM = 'Bearer realm="consentbot"'

_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer."""

_DENIED = {
    Denial.UNKNOWN: "the token is not known",
    Denial.REVOKED: "the token was revoked",
    Denial.EXPIRED: "the token has expired",
}

_PROBLEMS: Mapping[type[OperatorError], Problem] = {
    UnknownPerson: Problem.PERSON_UNKNOWN,
    UnknownRequest: Problem.REQUEST_UNKNOWN,
    UnknownConversation: Problem.CONVERSATION_UNKNOWN,
    RequestClosed: Problem.REQUEST_CLOSED,
    Erased: Problem.PERSON_ERASED,
    UnknownEndpoint: Problem.WEBHOOK_UNKNOWN,
}
"""What a use case refuses → the problem that a call gets."""


def api_routes(api: Callable[[], Api | None]) -> Iterable[web.RouteDef]:
    """Return the routes; while `api` gives None calls get 503, and the documentation its answer."""
    doors = _Doors()
    by_path = sorted(OPERATIONS, key=lambda operation: operation.route)
    for path, group in groupby(by_path, key=lambda operation: operation.route):
        operations = list(group)
        for operation in operations:
            yield web.route(operation.method, path, _Served(operation, api, doors).answer)
        yield web.route("*", path, _no_such_method([operation.method for operation in operations]))
    page = Page(OPERATIONS)
    yield web.get(f"{PREFIX}/openapi.json", _describe(api), allow_head=False)
    yield web.route("*", f"{PREFIX}/openapi.json", _no_such_method(["GET"]))
    yield web.get(DOCS, page.show)


def api_fallback() -> Iterable[web.RouteDef]:
    """Return the route of every other path under `/api`. A host's program may have routes of its own there."""

    async def nothing(_: web.Request) -> web.StreamResponse:
        return _answered("unknown", response(Refused(Problem.NO_SUCH_PATH)))

    yield web.route("*", "/api{rest:(?:/.*)?}", nothing)


def _no_such_method(methods: Sequence[str]) -> Callable[[web.Request], Any]:
    async def refuse(_: web.Request) -> web.StreamResponse:
        refused = Refused(Problem.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(methods))})
        return _answered("unknown", response(refused))

    return refuse


def _describe(api: Callable[[], Api | None]) -> Callable[[web.Request], Any]:
    async def describe(_: web.Request) -> web.StreamResponse:
        now = api()
        body = orjson.dumps(document(OPERATIONS, now.values if now else {}))
        return _answered("describe", web.Response(body=body, content_type="application/json"))

    return describe


def _answered(operation: str, answer: web.Response) -> web.Response:
    """Count an answer; its labels come from closed sets."""
    metrics.CALLS.labels(operation, f"{answer.status // 100}xx").inc()
    answer.headers.update(_PRIVATE)
    return answer


class _Doors:
    """How many calls are inside."""

    def __init__(self) -> None:
        self.inside = 0


class _Served:
    """An operation as a handler of aiohttp."""

    def __init__(self, operation: AnyOperation, api: Callable[[], Api | None], doors: _Doors) -> None:
        self._operation = operation
        self._api = api
        self._doors = doors

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a call."""
        limits: dict[str, str] = {}
        self._doors.inside += 1
        try:
            answer = await self._answer(request, limits)
        except Refused as refused:
            answer = response(refused)
        except Unavailable as error:
            log.warning("store_unavailable", worker="web", reason=str(error), cure=error.cure)
            answer = response(Refused(Problem.UNAVAILABLE, headers=LATER))
        except Exception as error:
            cure = "mend what is named; the client was told that it did nothing wrong"
            log.error(
                "api_failed", operation=self._operation.id, error=type(error).__name__, where=where(error), cure=cure
            )
            answer = response(Refused(Problem.INTERNAL))
        finally:
            self._doors.inside -= 1
        answer.headers.update(limits)
        return _answered(self._operation.id, answer)

    async def _answer(self, request: web.Request, limits: dict[str, str]) -> web.Response:
        if self._doors.inside > AT_ONCE:
            raise Refused(Problem.BUSY, headers={"Retry-After": "1"})
        api, operation = self._api(), self._operation
        if api is None:
            cure = "set what `/healthz` names as missing"
            raise Refused(Problem.UNAVAILABLE, "the program is not set up yet", cure=cure, headers=LATER)
        token = await _let_in(request, api.admission)
        _require(token, operation.scope)
        await _counted(api.admission, token, limits)
        reason = header(request, REASON) if operation.about_person else None
        key = header(request, IDEMPOTENCY_KEY) if operation.idempotent else None
        if operation.has_body:
            sent = await body_of(request, operation.sent, operation.largest)
        else:
            sent = query_of(request, operation.sent)
        reason = getattr(sent, "reason", None) or reason or token.reason
        look = Look(token.operator, f"{operation.method} {operation.route}", reason)

        async def work(id: str) -> Given:
            return await self._given(api, Call(sent, token, look, request.match_info, id))

        if key is None:
            return _written(await work(str(uuid7())))
        if operation.about_person:  # the ledger knows what was done before, and nothing about them is kept elsewhere
            return _written(await work(str(uuid5(UUID(token.id), key))))
        content = f"{operation.id} {sent.model_dump_json()}".encode()
        try:
            given, repeated = await api.repeatable.answer(token.id, key, content, work)
        except OtherCall:
            raise Refused(Problem.KEY_REUSED) from None
        return _written(given, {REPEATED: "true"} if repeated else {})

    async def _given(self, api: Api, call: Call[Any]) -> Given:
        """Return what a call led to; a problem of the call's own is an answer as well."""
        try:
            answer = await self._operation.handle(api, call)
        except Refused as refused:
            return Given(refused.problem.told.status, body_of_problem(refused))
        except tuple(_PROBLEMS) as error:
            problem, _ = problem_and_cure(str(error))
            found = Refused(_PROBLEMS[type(error)], problem)
            return Given(found.problem.told.status, body_of_problem(found))
        return Given(answer.status, answer.body.model_dump_json().encode())


def _written(given: Given, headers: Mapping[str, str] = {}) -> web.Response:
    kind = "application/json" if given.status < 400 else CONTENT_TYPE
    return web.Response(body=given.body, status=given.status, content_type=kind, headers=headers)


async def _let_in(request: web.Request, admission: Admission) -> Token:
    """Return the token of a call. Raises `Refused`."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise Refused(Problem.UNAUTHENTICATED, "there is no token", headers={"WWW-Authenticate": _REALM})
    try:
        return await admission.token(secret.strip())
    except NotLetIn as error:
        told = {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'}
        raise Refused(Problem.UNAUTHENTICATED, _DENIED[error.denial], headers=told) from None


def _require(token: Token, scope: Scope) -> None:
    """Raise `Refused` if a token may not do what needs this scope."""
    if not token.may(scope):
        told = {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'}
        cure = f"make a token with `--scope {scope}` and use it"
        raise Refused(Problem.SCOPE_MISSING, f"it needs the scope {scope}", cure=cure, headers=told, scope=str(scope))


async def _counted(admission: Admission, token: Token, limits: dict[str, str]) -> None:
    """Count the call, and note the headers of the rate limit. Raises `Refused` when there have been too many."""
    allowance = await admission.allowance(token)
    limits |= _limits(allowance)
    if not allowance.granted:
        raise Refused(Problem.RATE_LIMITED, headers={"Retry-After": str(allowance.seconds)})


def _limits(allowance: Allowance) -> dict[str, str]:
    """Return the headers of draft-ietf-httpapi-ratelimit-headers-10."""
    return {
        "RateLimit-Policy": f'"token";q={allowance.per_minute};w=60',
        "RateLimit": f'"token";r={allowance.remaining};t={allowance.seconds}',
    }

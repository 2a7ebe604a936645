"""Whatever is wrong with a call, it gets a problem that names field and cure, and does nothing. By the declarations."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from bot.app.operators import Operators, operators
from bot.app.simulation import Simulation, simulate
from bot.engines import Engines
from bot.service.ports import Scope
from bot.settings import Settings
from bot.web.api.operation import AnyOperation
from bot.web.api.operations import OPERATIONS
from tests.killing import kill
from tests.web.api.bodies import WELL, path_of

PLANTED = "Anna-Lena-4711"
"""What a client sends where it should not, and never gets back."""

OF_OTHER_TYPES: list[object] = [{"x": PLANTED}, 1.5, [[]], f"{PLANTED}\0"]

WITH_BODY = [operation for operation in OPERATIONS if operation.has_body]


class Rough:
    """Calls operations with whatever a test wants."""

    def __init__(self, http: aiohttp.ClientSession, token: str) -> None:
        self._http = http
        self.token = token

    async def __call__(
        self,
        operation: AnyOperation,
        content: bytes | None = None,
        query: str = "",
        more: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any], Mapping[str, str]]:
        """Call an operation, well but for what is given; return status, problem and headers."""
        well = WELL[operation.id]
        body = json.dumps(well).encode() if content is None and well is not None else content
        sent = {"Authorization": f"Bearer {self.token}"} | ({"Content-Type": "application/json"} if body else {})
        sent = {name: value for name, value in (sent | dict(more or {})).items() if value}
        data = None if body is None else io.BytesIO(body)
        async with self._http.request(
            operation.method, path_of(operation.route) + query, data=data, headers=sent
        ) as response:
            answer = await response.json(content_type=None)
            return response.status, answer, response.headers


@pytest.fixture
def given(simulation: Simulation) -> Operators:
    return operators(simulation.runtime)


@pytest.fixture
async def rough(simulation: Simulation, given: Operators) -> AsyncIterator[Rough]:
    _, token = await given.tokens.create("crm", list(Scope))
    async with aiohttp.ClientSession(simulation.url) as http:
        yield Rough(http, token)


def assert_problem(answered: tuple[int, dict[str, Any], Mapping[str, str]], status: int, problem: str) -> None:
    """It is a problem as RFC 9457 and our own page have it, and repeats nothing of what was sent."""
    got, body, headers = answered
    assert (got, body.get("type")) == (status, f"/api/docs#{problem}"), body
    assert headers["Content-Type"].startswith("application/problem+json")
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["cure"]
    assert PLANTED not in json.dumps(body)


def test_every_operation_has_a_body_here_that_it_takes() -> None:
    assert WELL.keys() == {operation.id for operation in OPERATIONS}
    for operation in OPERATIONS:
        assert operation.has_body is (WELL[operation.id] is not None)
        if operation.has_body:
            operation.sent.model_validate_json(json.dumps(WELL[operation.id]))


GOOD = (200, 201, 202, 404, 409)
"""What a call gets that is as documented: nobody is known here, so the gate refuses, and there is nothing by an id."""


async def test_good_calls_are_no_bad_input(rough: Rough) -> None:
    for operation in OPERATIONS:
        status, answer, _ = await rough(operation)
        assert status in GOOD, (operation.id, answer)


async def test_calls_without_a_token_are_refused(rough: Rough) -> None:
    for operation in OPERATIONS:
        for sent in ("", "Basic YTpi", "Bearer ", "Bearer cb_unknown", f"Bearer {PLANTED}"):
            answered = await rough(operation, more={"Authorization": sent})
            assert_problem(answered, 401, "unauthenticated")
            assert answered[2]["WWW-Authenticate"].startswith("Bearer ")


async def test_expired_and_revoked_tokens_are_refused(rough: Rough, given: Operators) -> None:
    token, revoked = await given.tokens.create("crm", list(Scope))
    await given.tokens.revoke(token.id)
    _, expired = await given.tokens.create("crm", list(Scope), lasts=0)
    for rough.token, why in ((revoked, "revoked"), (expired, "expired")):
        for operation in OPERATIONS:
            answered = await rough(operation)
            assert_problem(answered, 401, "unauthenticated")
            assert why in answered[1]["detail"]


async def test_a_token_without_the_scope_is_refused_with_its_name(rough: Rough, given: Operators) -> None:
    for scope in {operation.scope for operation in OPERATIONS}:
        others = [other for other in Scope if other not in (scope, Scope.ADMIN)]
        _, rough.token = await given.tokens.create("other", others)
        for operation in OPERATIONS:
            if operation.scope is scope:
                answered = await rough(operation)
                assert_problem(answered, 403, "scope_missing")
                assert answered[1]["scope"] == scope
                assert scope in answered[1]["cure"]


async def test_an_admin_token_may_do_everything(rough: Rough, given: Operators) -> None:
    _, rough.token = await given.tokens.create("boss", [Scope.ADMIN])
    for operation in OPERATIONS:
        assert (await rough(operation))[0] in GOOD


async def test_what_is_not_json_is_refused(rough: Rough) -> None:
    for operation in WITH_BODY:
        for content in (b" ", b"{", b"not json", b'{"a": "\xff"}', b"[" * 9999, b'{"a": "\\ud800"}'):
            assert_problem(await rough(operation, content), 400, "not_json")


async def test_json_that_is_no_object_is_refused(rough: Rough) -> None:
    for operation in WITH_BODY:
        for content in (b"[]", b"null", b'"text"', b"1", b"true"):
            assert_problem(await rough(operation, content), 400, "invalid")


async def test_another_content_type_is_refused(rough: Rough) -> None:
    for operation in WITH_BODY:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"):
            assert_problem(await rough(operation, more={"Content-Type": kind}), 415, "not_of_json_type")


async def test_a_body_that_is_too_large_is_refused(rough: Rough) -> None:
    for operation in WITH_BODY:
        content = b'{"x": "' + b"a" * operation.largest + b'"}'
        assert_problem(await rough(operation, content), 413, "too_large")


async def test_a_field_of_another_type_is_named_with_its_cure(rough: Rough) -> None:
    for operation in WITH_BODY:
        for field in operation.sent.model_fields:
            for wrong in OF_OTHER_TYPES:
                answered = await rough(operation, json.dumps((WELL[operation.id] or {}) | {field: wrong}).encode())
                assert_problem(answered, 400, "invalid")
                errors = {error["field"].partition(".")[0]: error for error in answered[1]["errors"]}
                assert errors[field]["problem"]
                assert errors[field]["cure"]


async def test_a_missing_field_is_named(rough: Rough) -> None:
    for operation in WITH_BODY:
        for name, field in operation.sent.model_fields.items():
            if field.is_required():
                rest = {key: value for key, value in (WELL[operation.id] or {}).items() if key != name}
                answered = await rough(operation, json.dumps(rest).encode())
                assert_problem(answered, 400, "invalid")
                assert answered[1]["errors"] == [{"field": name, "problem": "is missing", "cure": "send it"}]


async def test_a_field_that_is_not_known_is_refused_without_repeating_it(rough: Rough) -> None:
    for operation in WITH_BODY:
        body = json.dumps((WELL[operation.id] or {}) | {PLANTED: 1}).encode()
        answered = await rough(operation, body)
        assert_problem(answered, 400, "invalid")
        assert next(iter(operation.sent.model_fields)) in json.dumps(answered[1]["errors"])


async def test_a_parameter_that_is_not_known_or_sent_twice_is_refused(rough: Rough) -> None:
    for operation in OPERATIONS:
        if not operation.has_body:
            for query in (f"?{PLANTED}=1", "?limit=1&limit=2", f"?x={PLANTED}"):
                assert_problem(await rough(operation, query=query), 400, "invalid")


WRONG = [
    ("?limit=0", "limit"),
    ("?limit=201", "limit"),
    ("?limit=x", "limit"),
    ("?state=x", "state"),
    ("?cursor=x", "cursor"),
    ("?cursor=%00", "cursor"),
    ("?cursor=WyJhIiwiYiJd", "cursor"),
    ("?cursor=WzFd", "cursor"),
    (f"?cursor={'a' * 300}", "cursor"),
]


async def test_a_wrong_parameter_is_named(rough: Rough) -> None:
    (operation,) = [one for one in OPERATIONS if one.id == "listRequests"]
    for query, field in WRONG:
        answered = await rough(operation, query=query)
        assert_problem(answered, 400, "invalid")
        assert [error["field"] for error in answered[1]["errors"]] == [field]


async def test_a_header_of_ours_that_is_not_as_documented_is_named(rough: Rough) -> None:
    for operation in OPERATIONS:
        names = ["X-Reason"] * operation.about_person + ["Idempotency-Key"] * operation.idempotent
        for name, value in ((name, value) for name in names for value in ("a" * 256, "ä", "a\tb")):
            answered = await rough(operation, more={name: value})
            assert_problem(answered, 400, "invalid")
            assert answered[1]["errors"][0]["field"] == name


async def test_paths_and_methods_that_do_not_exist_get_problems(simulation: Simulation) -> None:
    async with aiohttp.ClientSession(simulation.url) as http:
        for path in ("/api", "/api/v1", "/api/v1/nothing", "/api/v2/persons", "/api/v1/persons/x/y/z"):
            async with http.get(path) as response:
                assert_problem(
                    (response.status, await response.json(content_type=None), response.headers), 404, "no_such_path"
                )
        for operation in OPERATIONS:
            async with http.request("TRACE", path_of(operation.route)) as response:
                answered = response.status, await response.json(content_type=None), response.headers
                assert_problem(answered, 405, "method_not_allowed")
                assert operation.method in response.headers["Allow"].split(", ")


async def test_stores_that_are_away_get_503_with_retry_after(own_stores: Settings, own_engines: Engines) -> None:
    async with simulate(own_stores) as simulation, aiohttp.ClientSession(simulation.url) as http:
        _, token = await operators(simulation.runtime).tokens.create("crm", list(Scope))
        rough = Rough(http, token)
        await asyncio.to_thread(kill, own_engines.valkey_pid)
        for operation in OPERATIONS[:2]:
            answered = await rough(operation)
            assert_problem(answered, 503, "unavailable")
            assert answered[2]["Retry-After"] == "5"
        await asyncio.to_thread(kill, own_engines.postgres_pid)
        for operation in OPERATIONS:
            assert_problem(await rough(operation), 503, "unavailable")

"""Reads what a client sent. What is wrong is told by field, with its cure, and without repeating any of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .problems import Problem, Refused, all_invalid, invalid

M = TypeVar("M", bound=BaseModel)

REASON = "X-Reason"
"""The header that says why somebody looks at a person."""

IDEMPOTENCY_KEY = "Idempotency-Key"

_JSON = ("application/json",)

_printable = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch

_LONGEST_REASON = 200
_LONGEST_KEY = 255


async def body_of(request: web.Request, model: type[M], largest: int) -> M:
    """Return the body. Raises `Refused`."""
    if request.content_type not in _JSON or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refused(Problem.NOT_OF_JSON_TYPE)
    content = await _content(request, largest)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise _refusal(error, model) from None


def query_of(request: web.Request, model: type[M]) -> M:
    """Return the parameters after `?`. Raises `Refused`."""
    if len(set(request.query)) < len(request.query):
        raise invalid("?", "a parameter is sent twice", "send each once")
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise _refusal(error, model) from None


def header(request: web.Request, name: str) -> str | None:
    """Return a header of ours; None if it was not sent. Raises `Refused`."""
    values = request.headers.getall(name, [])
    if not values:
        return None
    longest = _LONGEST_REASON if name == REASON else _LONGEST_KEY
    if len(values) > 1 or len(values[0]) > longest or not _printable(values[0]):
        raise invalid(
            name, "the header is not as documented", f"send it once: 1 to {longest} printable ASCII characters"
        )
    return values[0]


async def _content(request: web.Request, largest: int) -> bytes:
    """Return the raw body, whatever limit the surrounding application has."""
    too_large = Refused(Problem.TOO_LARGE, f"at most {largest} bytes are taken")
    if request.content_length is not None and request.content_length > largest:
        raise too_large
    content = bytearray()
    try:
        async for chunk in request.content.iter_any():
            content += chunk
            if len(content) > largest:
                raise too_large
    except (web.RequestPayloadError, ConnectionError):  # wrongly packed, or its sender is gone
        raise Refused(Problem.NOT_JSON, "the body can't be read to its end") from None
    return bytes(content)


def _refusal(error: ValidationError, model: type[BaseModel]) -> Refused:
    """Say what is wrong with which field."""
    problems = error.errors(include_url=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        return Refused(Problem.NOT_JSON)
    known = _names(model.model_json_schema())
    errors = {}
    for problem in problems:
        told, cure = _told(problem, model)
        errors[_field(problem, known)] = told, cure
    return all_invalid([{"field": field, "problem": told, "cure": cure} for field, (told, cure) in errors.items()])


def _field(problem: ErrorDetails, known: set[str]) -> str:
    """Name the field as far as the name is ours: a client's own may be anything."""
    parts = list(problem["loc"])
    if problem["type"] == "extra_forbidden":
        parts = parts[:-1]
    ours = [str(part) if isinstance(part, int) or part in known else "*" for part in parts]
    return ".".join(ours) or "the whole"


def _names(schema: Any) -> set[str]:
    """Return the names of all properties in a schema."""
    return set(_all_names(schema))


def _all_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from properties
        for part in schema.values():
            yield from _all_names(part)
    elif isinstance(schema, Sequence) and not isinstance(schema, str):
        for part in schema:
            yield from _all_names(part)


def _told(problem: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong, and the cure; pydantic's own words may quote what was sent."""
    limits: Mapping[str, Any] = problem.get("ctx", {})
    match problem["type"]:
        case "missing":
            return "is missing", "send it"
        case "extra_forbidden":
            known = ", ".join(model.model_fields) if len(problem["loc"]) == 1 else ""
            return "holds a field that is not known", f"leave it out; known are: {known}" if known else "leave it out"
        case "literal_error" | "enum":
            return "is none of the known words", f"send {limits['expected']}"
        case "string_too_long" | "bytes_too_long":
            return "is too long", f"send at most {limits['max_length']} characters"
        case "string_too_short":
            return "is too short", f"send at least {limits['min_length']} characters"
        case "too_long":
            return "has too many items", f"send at most {limits['max_length']} at a time"
        case "too_short":
            return "has too few items", f"send at least {limits['min_length']}"
        case "string_pattern_mismatch":
            return "does not have the documented form", _like(problem, model)
        case "value_error":
            told, _, cure = str(problem["msg"]).removeprefix("Value error, ").partition("; ")
            return told, cure or _like(problem, model)
        case "greater_than_equal":
            return "is too small", f"send at least {limits['ge']}"
        case "less_than_equal":
            return "is too large", f"send at most {limits['le']}"
        case kind if kind.endswith("_type"):
            return "is of another type", f"send a {_KINDS.get(kind, 'value as documented')}"
        case _:
            return "is not as documented", _like(problem, model)


_KINDS = {
    "string_type": "string",
    "int_type": "whole number",
    "bool_type": "true or false",
    "list_type": "list",
    "tuple_type": "list",
    "dict_type": "JSON object",
    "model_type": "JSON object",
    "model_attributes_type": "JSON object",
}


def _like(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """Return a cure with the field's documented example."""
    field = model.model_fields.get(str(problem["loc"][0])) if problem["loc"] else None
    if field is not None and field.examples:
        return f"send it as in this example: {field.examples[0]}"
    return "see /api/docs for its form"

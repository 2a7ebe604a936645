"""The OpenAPI 3.1 document, made from the declarations."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from ... import __version__
from .operation import PATH_PARAMETERS, AnyOperation
from .problems import CONTENT_TYPE, Problem
from .reading import IDEMPOTENCY_KEY, REASON

VALUES = "x-values"
"""In the schema of a field: its values are those that the business has, e.g. `purposes`."""

_REFERENCE = "#/components/schemas/{model}"

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Programs look at `type`; the rest is for people.",
    "required": ["type", "title", "status", "detail", "cure"],
    "properties": {
        "type": {"type": "string", "enum": [problem.type for problem in Problem]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "cure": {"type": "string", "description": "what to do"},
        "errors": {
            "type": "array",
            "description": "for `invalid`: each field that is wrong",
            "items": {
                "type": "object",
                "required": ["field", "problem", "cure"],
                "properties": {name: {"type": "string"} for name in ("field", "problem", "cure")},
            },
        },
    },
}


def document(operations: Sequence[AnyOperation], values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the document; `values`: name of a kind of values → those that the business has, e.g. its purposes."""
    models = [(operation.sent, "validation") for operation in operations if operation.has_body]
    models += [(model, "serialization") for operation in operations for model in operation.answers.values()]
    references, defined = models_json_schema(list(dict.fromkeys(models)), ref_template=_REFERENCE)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.route, {})[operation.method.lower()] = _described(operation, references)
    schemas = {**defined.get("$defs", {}), "Problem": _PROBLEM}
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "consentbot",
            "version": __version__,
            "description": "Consent under a WhatsApp business number. Readable: `/api/docs`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "cb_…"}},
        },
        "security": [{"token": []}],
    }
    filled: dict[str, Any] = _filled(whole, values)
    return filled


def _described(operation: AnyOperation, references: Mapping[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": f"{operation.description}\n\nScope: `{operation.scope}`.".strip(),
        "parameters": _parameters(operation),
        "responses": {
            str(status): {
                "description": (model.__doc__ or "").partition("\n")[0],
                "headers": _LIMITS,
                "content": {"application/json": {"schema": references[model, "serialization"]}},
            }
            for status, model in operation.answers.items()
        }
        | _problems(operation),
    }
    if operation.has_body:
        schema = references[operation.sent, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


_TEXT = {"schema": {"type": "string"}}

_LIMITS = {
    "RateLimit-Policy": {"description": "the calls that the token has in a minute", **_TEXT},
    "RateLimit": {"description": "the calls left, and seconds until there are all again", **_TEXT},
}


def _problems(operation: AnyOperation) -> dict[str, Any]:
    by_status: dict[int, list[Problem]] = {}
    for problem in operation.all_problems:
        by_status.setdefault(problem.told.status, []).append(problem)
    return {
        str(status): {
            "description": "; ".join(f"`{problem}`: {problem.told.title}" for problem in problems),
            "headers": _MORE.get(status, {}),
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, problems in sorted(by_status.items())
    }


_MORE = {
    401: {"WWW-Authenticate": {"description": "how to authenticate", **_TEXT}},
    403: {"WWW-Authenticate": {"description": "the scope that is needed", **_TEXT}},
    429: {"Retry-After": {"description": "seconds to wait", **_TEXT}},
    503: {"Retry-After": {"description": "seconds to wait", **_TEXT}},
}


def _parameters(operation: AnyOperation) -> list[dict[str, Any]]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": parameter.description,
            "schema": dict(parameter.schema),
            "example": parameter.example,
        }
        for name, parameter in PATH_PARAMETERS.items()
        if f"{{{name}}}" in operation.path
    ]
    if operation.about_person:
        parameters.append(_header(REASON, "Why you look at this person; recorded, and shown to them on request.", 200))
    if operation.idempotent:
        parameters.append(_header(IDEMPOTENCY_KEY, "A repetition with the same key changes nothing more.", 255))
    if not operation.has_body:
        parameters += _query(operation)
    return parameters


def _header(name: str, description: str, longest: int) -> dict[str, Any]:
    pattern = r"^[!-~]([ -~]*[!-~])?$"
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "pattern": pattern, "minLength": 1, "maxLength": longest},
    }


def _query(operation: AnyOperation) -> list[dict[str, Any]]:
    schema = operation.sent.model_json_schema(ref_template=_REFERENCE)
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": about.get("description", ""),
            "schema": about,
        }
        for name, about in schema.get("properties", {}).items()
    ]


def _filled(part: Any, values: Mapping[str, Sequence[str]]) -> Any:
    """Return a part of the document with the values that the business has."""
    if isinstance(part, list):
        return [_filled(item, values) for item in part]
    if not isinstance(part, dict):
        return part
    filled = {name: _filled(value, values) for name, value in part.items() if name != VALUES}
    if part.get(VALUES) in values:
        filled["enum"] = list(values[part[VALUES]])
    return filled

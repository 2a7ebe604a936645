"""`/api/docs`: the API as people read it, from the declarations that serve it."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from ... import __version__
from ...service.ports import Scope
from .document import document
from .operation import AnyOperation
from .problems import Problem

_PAGES = Path(__file__).parent.parent / "pages"

_STYLE = (_PAGES / "api.css").read_text("utf-8")

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}

_template = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_PAGES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("api.html.j2")


class Page:
    """The page, rendered once: it says nothing about a company or a person."""

    def __init__(self, operations: Sequence[AnyOperation]) -> None:
        by_tag: dict[str, list[AnyOperation]] = {}
        for operation in operations:
            by_tag.setdefault(operation.tag, []).append(operation)
        self._html = _template.render(
            style=_STYLE,
            version=__version__,
            tags=by_tag,
            described=document(operations, {}),
            fields=_fields,
            problems=list(Problem),
            scopes=list(Scope),
        )

    async def show(self, _: web.Request) -> web.StreamResponse:
        """Show the page."""
        return web.Response(text=self._html, content_type="text/html", headers=_HEADERS)


def _fields(described: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of a schema for a table: name, type, whether it must be sent, what it is."""
    whole = _resolved(described, schema)
    required = whole.get("required", ())
    return [
        {
            "name": name,
            "kind": _kind(described, about),
            "required": name in required,
            "about": about.get("description", ""),
            "example": (about.get("examples") or [None])[0],
        }
        for name, about in whole.get("properties", {}).items()
    ]


def _resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _kind(described: dict[str, Any], about: dict[str, Any]) -> str:
    """Say of what type a field is."""
    about = _resolved(described, about)
    if "anyOf" in about:
        return " or ".join(_kind(described, part) for part in about["anyOf"])
    if "enum" in about:
        return ", ".join(map(str, about["enum"]))
    if "const" in about:
        return str(about["const"]).lower()
    if about.get("type") == "array":
        return f"list of {_kind(described, about['items'])}"
    if about.get("type") == "object" and "title" in about:
        return str(about["title"])
    return str(about.get("format") or about.get("type", "any value"))

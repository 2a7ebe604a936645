"""The message templates of the simulated business account: handed in, decided on, and rendered when they are sent.

Written independently of `bot.channels.whatsapp.templates`, to find its mistakes. Meta: templates/overview, components,
template-management and supported-languages, Nov 2025.
"""

import itertools
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ...messages.reply import Button
from . import shapes
from .refusal import Refusal

_LANGUAGES = (
    "af ar az bg bn ca cs da de el en en_GB en_US es es_AR es_ES es_MX et fa fi fil fr ga gu ha he hi hr hu id it ja "
    "ka kk kn ko ky_KG lo lt lv mk ml mr ms nb nl pa pl pt_BR pt_PT ro ru rw_RW sk sl sq sr sv sw ta te th tr uk ur uz "
    "vi zh_CN zh_HK zh_TW zu"
)
LANGUAGES = frozenset(_LANGUAGES.split())

CREATED_IN_AN_HOUR = 100
"""Meta: templates/overview."""

_variable = re.compile(r"\{\{([a-z0-9_]+)\}\}")
_PAUSED, _DISABLED = 132015, 132016


@dataclass(slots=True)
class Shelved:
    """A template as Meta keeps it."""

    id: str
    body: dict[str, Any]
    """As it was handed in."""
    status: str
    category: str
    reason: str = "NONE"
    quality: str = "UNKNOWN"

    def as_json(self) -> dict[str, Any]:
        """Return it as the list of templates shows it."""
        return {
            "id": self.id,
            **{name: self.body[name] for name in ("name", "language", "components", "parameter_format")},
            "status": self.status,
            "category": self.category,
            "rejected_reason": self.reason,
            "quality_score": {"score": self.quality},
        }

    def text(self, kind: str) -> str:
        """Return the text of its header, body or footer."""
        found = (part["text"] for part in self.body["components"] if part["type"] == kind)
        return next(found, "")

    @property
    def labels(self) -> list[str]:
        """The labels of its buttons."""
        parts = (part["buttons"] for part in self.body["components"] if part["type"] == "BUTTONS")
        return [button["text"] for button in next(parts, ())]


class Shelf:
    """All templates of the account. `deciding` is the status that a new template gets."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.deciding = "PENDING"
        self._clock = clock
        self._all: dict[tuple[str, str], Shelved] = {}
        self._made: deque[float] = deque()
        self._ids = itertools.count(400_000_000_000_000)

    def __iter__(self) -> Iterator[Shelved]:
        return iter(self._all.values())

    def __getitem__(self, key: tuple[str, str]) -> Shelved:
        """Return the template with this name in this language."""
        return self._all[key]

    def add(self, body: dict[str, Any], *, status: str = "APPROVED") -> Shelved:
        """Put a template here, whatever the limits on how many may be made. Raises `Refusal`."""
        for subcode, problem in _problems(body):
            raise Refusal(100, problem, subcode=subcode, shown=problem)
        key = body["name"], body["language"]
        if key in self._all:
            told = "There is already content in this language for this template"
            raise Refusal(100, told, subcode=2388024, shown=told)
        made = self._all[key] = Shelved(str(next(self._ids)), body, status, body["category"])
        return made

    # --- the API

    def create(self, body: dict[str, Any]) -> web.Response:
        """Take a template."""
        now = self._clock()
        while self._made and self._made[0] <= now - 3600:
            self._made.popleft()
        if len(self._made) >= CREATED_IN_AN_HOUR:
            raise Refusal(80008, "There have been too many calls to this WhatsApp Business account")
        made = self.add(body, status=self.deciding)
        self._made.append(now)
        return web.json_response({"id": made.id, "status": made.status, "category": made.category})

    def page(self, limit: int, after: str) -> web.Response:
        """List templates, some at a time."""
        everything = [template.as_json() for template in self._all.values()]
        start = int(after or 0)
        page: dict[str, Any] = {"data": everything[start : start + limit]}
        if start + limit < len(everything):
            page["paging"] = {"cursors": {"after": str(start + limit)}, "next": "https://graph.facebook.com/next"}
        return web.json_response(page)

    def delete(self, name: str, id: str) -> web.Response:
        """Delete a template by its name, in one language if its id is given."""
        found = [key for key, one in self._all.items() if key[0] == name and id in ("", one.id)]
        if not found:
            raise Refusal(100, "Message template could not be found", subcode=2593002)
        for key in found:
            del self._all[key]
        return web.json_response({"success": True})

    # --- sending

    def rendered(self, sent: shapes.Template) -> dict[str, Any]:
        """Return what a person sees of a template that is sent. Raises `Refusal`."""
        found = self._all.get((sent.name, sent.language.code))
        if found is None or found.status not in ("APPROVED", "PAUSED", "DISABLED"):
            raise Refusal(132001, f"template name ({sent.name}) does not exist in {sent.language.code}")
        if found.status != "APPROVED":
            raise Refusal(_PAUSED if found.status == "PAUSED" else _DISABLED)
        given = [
            parameter
            for part in sent.components
            if isinstance(part, shapes.BodyValues)
            for parameter in part.parameters
        ]
        values = {parameter.parameter_name: parameter.text for parameter in given}
        body = found.text("BODY")
        if values.keys() != set(_variable.findall(body)) or len(values) != len(given):
            raise Refusal(132000, f"body: number of localizable_params ({len(given)}) does not match")
        replies = [part for part in sent.components if isinstance(part, shapes.QuickReply)]
        payloads = {int(reply.index): reply.parameters[0].payload for reply in replies}
        if any(index >= len(found.labels) for index in payloads):
            raise Refusal(131009, "button: its index is out of range")
        return {
            "header": found.text("HEADER"),
            "text": _variable.sub(lambda place: values[place[1]], body),
            "footer": found.text("FOOTER"),
            "buttons": tuple(Button(payloads.get(index, label), label) for index, label in enumerate(found.labels)),
        }

    def is_marketing(self, sent: shapes.Template) -> bool:
        """Whether a template that is sent is of the category MARKETING."""
        found = self._all.get((sent.name, sent.language.code))
        return found is not None and found.category == "MARKETING"


def _problems(body: dict[str, Any]) -> Iterator[tuple[int | None, str]]:
    """Yield what Meta refuses: an error subcode, and words."""
    allowed = {"name", "language", "category", "parameter_format", "components", "degrees_of_freedom_spec"}
    if strange := body.keys() - allowed:
        yield None, f"unknown parameters {sorted(strange)}"
    if not re.fullmatch(r"[a-z0-9_]{1,512}", str(body.get("name"))):
        yield None, "name"
    if body.get("language") not in LANGUAGES:
        yield None, f"language {body.get('language')} is not supported"
    if body.get("category") not in ("MARKETING", "UTILITY") or body.get("parameter_format") != "NAMED":
        yield None, "category or parameter_format"
    kinds = [part["type"] for part in body["components"]]
    if kinds != [kind for kind in ("HEADER", "BODY", "FOOTER", "BUTTONS") if kind in kinds] or "BODY" not in kinds:
        yield None, "components"
    for part in body["components"]:
        yield from _part_problems(part)


def _part_problems(part: dict[str, Any]) -> Iterator[tuple[int | None, str]]:
    kind, text = part["type"], part.get("text", "")
    if kind == "BUTTONS":
        labels = [button["text"] for button in part["buttons"]]
        if not 1 <= len(labels) <= 10 or len(set(labels)) != len(labels) or any(len(label) > 25 for label in labels):
            yield 2388060, "buttons"
        return
    most = 1024 if kind == "BODY" else 60
    if not text.strip() or len(text) > most:
        yield 2388040, f"{kind} has {len(text)} characters"
    names = _variable.findall(text)
    if names and (text.strip().startswith("{{") or text.strip().endswith("}}")):
        yield 2388299, "variables can't be at the start or end"
    if kind != "BODY" and (names or "\n" in text):
        yield 2388072, f"{kind} has variables or line breaks"
    examples = part.get("example", {}).get("body_text_named_params", [])
    if sorted({example["param_name"] for example in examples if example["example"]}) != sorted(set(names)):
        yield 2388043, "examples are missing"

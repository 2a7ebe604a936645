"""The message templates of a business account at Graph. Meta: templates/template-management, Nov 2025."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NoReturn

import aiohttp
import orjson

from ...errors import OperatorError
from ...messages.template import MessageTemplate
from ...service.ports import TemplateState, TooManyTemplates
from ..whatsapp import templates
from ..whatsapp.fields import Fields, objects_of
from .http import CONNECT_SECONDS
from .said import said

_TIMEOUT = aiohttp.ClientTimeout(total=60.0, connect=CONNECT_SECONDS)

_FIELDS = "name,language,status,category,quality_score,rejected_reason,components,id"
_PAGE = 100

_MOST_PAGES = 100
"""Pages after which a list is not taken to have an end: an account has 6,000 templates at most."""

_RATE = frozenset({4, 80007, 80008})
"""Codes for too many calls: an account may make 100 templates in an hour. Meta: templates/overview."""

_CURES: Mapping[int, str] = {
    190: "set a new WHATSAPP_TOKEN",
    0: "set a new WHATSAPP_TOKEN",
    10: "give the system user of WHATSAPP_TOKEN the permission whatsapp_business_management",
    200: "give the system user of WHATSAPP_TOKEN the permission whatsapp_business_management",
    100: "see WHATSAPP_BUSINESS_ACCOUNT_ID and, for a template, its texts in business.toml",
}
_SUBCODES: Mapping[int, str] = {
    2388019: "the account has as many templates as it may; run `python -m bot templates push --prune`",
    2388023: "this name was deleted in the last 30 days; change a word of the text in business.toml, or wait",
    2388024: "it is there already; run `templates pull`",
    2388299: "a placeholder stands first or last; put words around it in business.toml",
    2388293: "it has too many placeholders for so few words; write more in business.toml",
    2388040: "one of its texts is too long; shorten it in business.toml",
}
"""Meta: support/error-codes, Nov 2025."""


class GraphTemplates:
    """Implements `ports.TemplateApi`. Nothing that it raises holds the token."""

    def __init__(self, graph_url: str, account_id: str, token: str) -> None:
        """`graph_url` includes the version."""
        self._url = f"{graph_url.rstrip('/')}/{account_id}/message_templates"
        self._token = token
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "consentbot"}
        self._session: aiohttp.ClientSession | None = None

    async def list(self, known: Sequence[MessageTemplate]) -> AsyncIterator[TemplateState]:
        """Yield every template of the account. Raises `OperatorError`."""
        ours = {(template.name, template.language): template for template in known}
        after = ""
        for _ in range(_MOST_PAGES):
            parameters = {"fields": _FIELDS, "limit": str(_PAGE)} | ({"after": after} if after else {})
            page = await self._ask("GET", "the list of templates", parameters)
            for found in objects_of(page.get("data")):
                if state := templates.state(found, ours):
                    yield state
            after = _next(page)
            if not after:
                return
        raise OperatorError("Meta's list of templates has no end; see GRAPH_URL")

    async def create(self, template: MessageTemplate) -> TemplateState:
        """Hand a template in. Raises `TooManyTemplates`, `OperatorError`."""
        what = f"template {template.text_id} [{template.locale}]"
        for problem in templates.problems(template):
            raise OperatorError(f"{what}: {problem}")
        made = await self._ask("POST", what, body=templates.creation(template))
        return TemplateState(
            name=template.name,
            language=template.language,
            id=str(made.get("id", "")),
            status=str(made.get("status", "PENDING")).upper(),
            category=str(made.get("category", template.category)).lower(),
        )

    async def delete(self, state: TemplateState) -> None:
        """Delete a template in one language. Raises `OperatorError`."""
        parameters = {"name": state.name} | ({"hsm_id": state.id} if state.id else {})
        await self._ask("DELETE", f"template {state.name}", parameters)

    async def close(self) -> None:
        """Release the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(
        self, method: str, what: str, parameters: Mapping[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> Fields:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT)
        try:
            async with self._session.request(
                method, self._url, params=parameters, json=body, allow_redirects=False
            ) as response:
                status, content = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            kind = type(error).__name__
            raise OperatorError(f"{what}: Meta does not answer ({kind}); see GRAPH_URL and the network") from None
        answer = _object(content)
        if status != 200 or "error" in answer:
            _refuse(what, status, answer, said(answer, [self._token]))
        return answer


def _object(content: bytes) -> Fields:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return answer if type(answer) is dict else {}


def _next(page: Fields) -> str:
    paging = page.get("paging")
    cursors = paging.get("cursors") if type(paging) is dict and paging.get("next") else None
    return str(cursors.get("after") or "") if type(cursors) is dict else ""


def _refuse(what: str, status: int, answer: Fields, words: str) -> NoReturn:
    error = answer.get("error")
    fields = error if type(error) is dict else {}
    code, subcode = fields.get("code"), fields.get("error_subcode")
    if code in _RATE:
        raise TooManyTemplates(
            f"{what}: Meta takes no more for now (100 in an hour); "
            "run `python -m bot templates push` again in an hour: it goes on where it ended"
        )
    cure = _SUBCODES.get(subcode) if type(subcode) is int else None
    cure = cure or (_CURES.get(code) if type(code) is int else None)
    told = f"error {code}" + (f", {subcode}" if subcode else "") if fields else f"HTTP status {status}"
    told += f": {words}" if words else ""
    raise OperatorError(f"{what}: Meta refuses with {told}; {cure or 'see WhatsApp Manager > Message templates'}")

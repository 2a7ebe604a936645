"""What `doctor` asks Meta: whether the token may use the number, and which webhook fields the app gets."""

from collections.abc import AsyncIterator, Mapping

import aiohttp

from ...service.ports import Check
from .settings import MetaSettings

_SECONDS = 10

_NO_ANSWER = (aiohttp.ClientError, TimeoutError, OSError, ValueError)

_ONBOARDING = "marketing_messages_onboarding_status"

_FIELDS: Mapping[str, str] = {
    "messages": "nothing that anybody writes is heard",
    "user_preferences": "WhatsApp's own switch for marketing messages is not heard",
    "standby": "a STOP said to Meta's agent is not heard",
    "messaging_handovers": "it is not known who holds a chat",
    "smb_message_echoes": "what staff write after a STOP is not noticed, where the number is also in the Business app",
    "message_template_status_update": "a paused or rejected template is noticed only by `templates pull`",
    "message_template_quality_update": "a template that people dislike is noticed only by `templates pull`",
    "message_template_components_update": "a template that was changed at Meta is noticed only by `templates pull`",
    "template_category_update": "a template that Meta counts as marketing is noticed only by `templates pull`",
}
"""Webhook fields that the app should be subscribed to, and what happens without each."""


async def checks(settings: MetaSettings) -> AsyncIterator[Check]:
    """Yield the results of all checks."""
    yield await _number_check(settings)
    if fields := await _fields_check(settings):
        yield fields
    if settings.whatsapp_marketing_messages:
        yield await _marketing_check(settings)


async def _number_check(settings: MetaSettings) -> Check:
    """Ask Meta whether the token may use the number."""
    if settings.whatsapp_token is None or settings.whatsapp_phone_number_id is None:
        return Check("whatsapp", ok=False, detail="not asked", cure="set what is missing above")
    token, fields = settings.whatsapp_token.get_secret_value(), {"fields": "quality_rating,throughput"}
    try:
        status, answer = await _asked(f"{settings.graph_url}/{settings.whatsapp_phone_number_id}", token, fields)
    except _NO_ANSWER:
        return Check("whatsapp", ok=False, detail="the Graph API does not answer", cure="see GRAPH_URL and the network")
    return _graph_answer(status, answer)


async def _marketing_check(settings: MetaSettings) -> Check:
    """Ask Meta whether the account may use the Marketing Messages API. Meta: marketing-messages/onboarding, 2026."""
    name, account = "marketing messages", settings.whatsapp_business_account_id
    if settings.whatsapp_token is None or account is None:
        cure = "set WHATSAPP_BUSINESS_ACCOUNT_ID and WHATSAPP_TOKEN"
        return Check(name, ok=False, detail="not asked", cure=cure, required=False)
    token, fields = settings.whatsapp_token.get_secret_value(), {"fields": _ONBOARDING}
    try:
        _, answer = await _asked(f"{settings.graph_url}/{account}", token, fields)
    except _NO_ANSWER:
        answer = None
    status = answer.get(_ONBOARDING) if isinstance(answer, dict) else None
    if status == "ONBOARDED":
        return Check(name, ok=True, detail="the terms are accepted")
    detail = f"Meta says {status}: marketing fails with 131063" if status else "Meta does not say whether it is allowed"
    cure = "accept the terms at WhatsApp Manager > Overview, or take WHATSAPP_MARKETING_MESSAGES away"
    return Check(name, ok=False, detail=detail, cure=cure, required=False)


async def _fields_check(settings: MetaSettings) -> Check | None:
    """Ask Meta which webhook fields the app is subscribed to; None if settings for asking are missing.

    Where Meta's agent holds a chat, customers write on `standby`. Meta: graph-api/reference/app/subscriptions.
    """
    if settings.whatsapp_token is None or settings.whatsapp_app_secret is None:
        return None
    token, secret = settings.whatsapp_token.get_secret_value(), settings.whatsapp_app_secret.get_secret_value()
    try:
        _, app = await _asked(f"{settings.graph_url}/app", token)
        id = str(app.get("id", "")) if isinstance(app, dict) else ""
        if not id.isdecimal():
            return _unknown_fields()
        _, answer = await _asked(f"{settings.graph_url}/{id}/subscriptions", f"{id}|{secret}")
    except _NO_ANSWER:
        return _unknown_fields()
    subscribed = _subscribed(answer)
    return _unknown_fields() if subscribed is None else _fields_answer(subscribed)


def _subscribed(answer: object) -> set[str] | None:
    """Return the fields that the app is subscribed to; None if the answer does not say."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        return None
    ours = [
        subscription
        for subscription in data
        if isinstance(subscription, dict) and subscription.get("object") == "whatsapp_business_account"
    ]
    fields = [field for subscription in ours for field in subscription.get("fields") or ()]
    return {str(field.get("name")) for field in fields if isinstance(field, dict)}


def _fields_answer(subscribed: set[str]) -> Check:
    if missing := [field for field in _FIELDS if field not in subscribed]:
        cure = f"App Dashboard > WhatsApp > Configuration: subscribe to {', '.join(missing)}"
        why = "; ".join(f"{field}: {_FIELDS[field]}" for field in missing)
        return Check("webhook fields", ok=False, detail=why, cure=cure, required="messages" in missing)
    return Check("webhook fields", ok=True, detail=f"subscribed to {', '.join(_FIELDS)}")


def _unknown_fields() -> Check:
    cure = f"see that App Dashboard > WhatsApp > Configuration is subscribed to {', '.join(_FIELDS)}"
    return Check("webhook fields", ok=False, detail="Meta does not say which", cure=cure, required=False)


async def _asked(url: str, token: str, parameters: Mapping[str, str] | None = None) -> tuple[int, object]:
    """Return the status and the JSON of an answer. Raises one of `_NO_ANSWER`."""
    headers, timeout = {"Authorization": f"Bearer {token}"}, aiohttp.ClientTimeout(total=_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url, params=parameters, headers=headers, allow_redirects=False) as response,
    ):
        return response.status, await response.json(content_type=None)


def _graph_answer(status: int, answer: object) -> Check:
    if status == 200 and isinstance(answer, dict):
        return Check("whatsapp", ok=True, detail=f"quality {answer.get('quality_rating', 'unknown')}")
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else status
    cure = "see WHATSAPP_TOKEN (its permissions, its end) and WHATSAPP_PHONE_NUMBER_ID"
    return Check("whatsapp", ok=False, detail=f"Meta answers with error {code}", cure=cure)

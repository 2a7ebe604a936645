"""What `doctor` asks Meta: whether the token may use the number, and which webhooks the app gets."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from ...service.ports import Check
from .said import said, shown
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


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Graph said to a question."""

    status: int
    json: object
    words: str
    """Meta's own, of an error; perhaps with a colon before them."""

    def get(self, name: str) -> object:
        return self.json.get(name) if isinstance(self.json, dict) else None

    @property
    def code(self) -> object:
        error = self.get("error")
        return error.get("code") if isinstance(error, dict) else self.status


async def checks(settings: MetaSettings) -> AsyncIterator[Check]:
    """Yield the results of all checks, also of those that lack a setting."""
    token = settings.whatsapp_token
    yield await _number_check(settings, token)
    app = await _asked(settings, "app", token) if token else None
    yield await _fields_check(settings, app)
    yield await _account_check(settings, token, app)
    if settings.whatsapp_marketing_messages:
        yield await _marketing_check(settings, token)


async def _number_check(settings: MetaSettings, token: SecretStr | None) -> Check:
    """Ask Meta whether the token may use the number."""
    if token is None or settings.whatsapp_phone_number_id is None:
        return Check("whatsapp", ok=False, detail="not asked", cure="set what is missing above")
    fields = {"fields": "quality_rating,throughput"}
    answer = await _asked(settings, settings.whatsapp_phone_number_id, token, fields)
    if answer is None:
        return Check("whatsapp", ok=False, detail="the Graph API does not answer", cure="see GRAPH_URL and the network")
    if answer.status == 200 and isinstance(answer.json, dict):
        return Check("whatsapp", ok=True, detail=f"quality {answer.get('quality_rating') or 'unknown'}")
    cure = "see WHATSAPP_TOKEN (its permissions, its end) and WHATSAPP_PHONE_NUMBER_ID"
    return Check("whatsapp", ok=False, detail=f"Meta answers with error {answer.code}{answer.words}", cure=cure)


async def _marketing_check(settings: MetaSettings, token: SecretStr | None) -> Check:
    """Ask Meta whether the account may use the Marketing Messages API. Meta: marketing-messages/onboarding, 2026."""
    name, account = "marketing messages", settings.whatsapp_business_account_id
    if token is None or account is None:
        cure = "set WHATSAPP_BUSINESS_ACCOUNT_ID and WHATSAPP_TOKEN"
        return Check(name, ok=False, detail="not asked", cure=cure, required=False)
    answer = await _asked(settings, account, token, {"fields": _ONBOARDING})
    status = answer.get(_ONBOARDING) if answer else None
    if status == "ONBOARDED":
        return Check(name, ok=True, detail="the terms are accepted")
    unknown = f"Meta does not say whether it is allowed{answer.words if answer else ''}"
    detail = f"Meta says {status}: marketing fails with 131063" if status else unknown
    cure = "accept the terms at WhatsApp Manager > Overview, or take WHATSAPP_MARKETING_MESSAGES away"
    return Check(name, ok=False, detail=detail, cure=cure, required=False)


async def _fields_check(settings: MetaSettings, app: _Answer | None) -> Check:
    """Ask Meta which webhook fields the app is subscribed to.

    Where Meta's agent holds a chat, customers write on `standby`. Meta: graph-api/reference/app/subscriptions.
    """
    if settings.whatsapp_token is None or settings.whatsapp_app_secret is None:
        cure = "set WHATSAPP_TOKEN and WHATSAPP_APP_SECRET"
        return Check("webhook fields", ok=False, detail="not asked", cure=cure, required=False)
    id = str(app.get("id") or "") if app else ""
    if not id.isdecimal():
        return _unknown_fields(app)
    as_app = SecretStr(f"{id}|{settings.whatsapp_app_secret.get_secret_value()}")
    answer = await _asked(settings, f"{id}/subscriptions", as_app)
    subscribed = _subscribed(answer.json) if answer else None
    return _unknown_fields(answer) if subscribed is None else _fields_answer(subscribed)


async def _account_check(settings: MetaSettings, token: SecretStr | None, app: _Answer | None) -> Check:
    """Ask Meta whether the app gets the webhooks of the WhatsApp Business Account at all.

    To be subscribed to fields is not enough: the account must be subscribed to the app, too. Meta:
    graph-api/reference/whats-app-business-account/subscribed_apps.
    """
    name, account = "account webhooks", settings.whatsapp_business_account_id
    if token is None or account is None:
        cure = "set WHATSAPP_BUSINESS_ACCOUNT_ID and WHATSAPP_TOKEN"
        return Check(name, ok=False, detail="not asked", cure=cure, required=False)
    answer = await _asked(settings, f"{account}/subscribed_apps", token)
    apps = _subscribed_apps(answer.json) if answer else None
    id = str(app.get("id") or "") if app else ""
    if apps is None or not id:
        words = answer.words if answer else ""
        cure = "see WHATSAPP_BUSINESS_ACCOUNT_ID, and that WHATSAPP_TOKEN has whatsapp_business_management"
        return Check(name, ok=False, detail=f"Meta does not say who gets them{words}", cure=cure, required=False)
    if id in apps:
        return Check(name, ok=True, detail="the account sends its webhooks to this app")
    url = f"{settings.graph_url}/{account}/subscribed_apps"
    cure = f'run `curl -X POST -H "Authorization: Bearer $WHATSAPP_TOKEN" {url}`'
    others = f"it sends them to {len(apps)} others" if apps else "it sends them to nobody"
    return Check(name, ok=False, detail=f"the account sends no webhooks to this app: {others}", cure=cure)


def _subscribed_apps(answer: object) -> set[str] | None:
    """Return the ids of the apps that an account is subscribed to; None if the answer does not say."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        return None
    apps = [entry.get("whatsapp_business_api_data") for entry in data if isinstance(entry, dict)]
    return {str(app.get("id")) for app in apps if isinstance(app, dict)}


@dataclass(frozen=True, slots=True)
class _Subscribed:
    """What the app is subscribed to."""

    fields: set[str]
    where: str
    """The address to which Meta posts them; "" if it does not say."""


def _subscribed(answer: object) -> _Subscribed | None:
    """Return what the app is subscribed to; None if the answer does not say. What is not active does not count."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        return None
    ours = [
        subscription
        for subscription in data
        if isinstance(subscription, dict)
        and subscription.get("object") == "whatsapp_business_account"
        and subscription.get("active") is not False
    ]
    fields = [field for subscription in ours for field in subscription.get("fields") or ()]
    where = next((url for subscription in ours if isinstance(url := subscription.get("callback_url"), str)), "")
    return _Subscribed({str(field.get("name")) for field in fields if isinstance(field, dict)}, shown(where))


def _fields_answer(subscribed: _Subscribed) -> Check:
    if missing := [field for field in _FIELDS if field not in subscribed.fields]:
        cure = f"App Dashboard > WhatsApp > Configuration: subscribe to {', '.join(missing)}"
        why = "; ".join(f"{field}: {_FIELDS[field]}" for field in missing)
        return Check("webhook fields", ok=False, detail=why, cure=cure, required="messages" in missing)
    where = f", posted to {subscribed.where}" if subscribed.where else ""
    return Check("webhook fields", ok=True, detail=f"subscribed to {', '.join(_FIELDS)}{where}")


def _unknown_fields(answer: _Answer | None) -> Check:
    cure = f"see that App Dashboard > WhatsApp > Configuration is subscribed to {', '.join(_FIELDS)}"
    detail = f"Meta does not say which{answer.words if answer else ''}"
    return Check("webhook fields", ok=False, detail=detail, cure=cure, required=False)


async def _asked(
    settings: MetaSettings, path: str, token: SecretStr, parameters: Mapping[str, str] | None = None
) -> _Answer | None:
    """Return Graph's answer to a question; None if there is none that can be read."""
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
            session.get(
                f"{settings.graph_url}/{path}", params=parameters, headers=headers, allow_redirects=False
            ) as response,
        ):
            answer = await response.json(content_type=None)
    except _NO_ANSWER:
        return None
    words = said(answer, _secrets(settings))
    return _Answer(response.status, answer, f": {words}" if words else "")


def _secrets(settings: MetaSettings) -> Sequence[str]:
    known = (settings.whatsapp_token, settings.whatsapp_app_secret, settings.whatsapp_verify_token)
    return [secret.get_secret_value() for secret in known if secret]

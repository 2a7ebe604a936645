"""WhatsApp at Meta's Cloud API, as an entry of the channel registry."""

from pydantic import SecretStr

from ...environment import SettingsError
from ...messages.inbound import WHATSAPP, Sender
from ...service.ports import Provider
from ..whatsapp import limits
from .client import CloudApi
from .doctor import checks
from .settings import MetaSettings
from .templates import GraphTemplates
from .webhooks import WhatsAppWebhooks


def _webhooks(settings: MetaSettings) -> WhatsAppWebhooks:
    return WhatsAppWebhooks(
        _plain(settings.whatsapp_app_secret),
        settings.whatsapp_phone_number_id or "",
        _plain(settings.whatsapp_verify_token),
    )


def _sender(settings: MetaSettings) -> CloudApi:
    return CloudApi(
        settings.graph_url,
        settings.whatsapp_phone_number_id or "",
        _plain(settings.whatsapp_token),
        marketing_messages=settings.whatsapp_marketing_messages,
    )


def _templates(settings: MetaSettings) -> GraphTemplates:
    names = ("whatsapp_token", "whatsapp_business_account_id")
    if absent := [name for name in names if not getattr(settings, name)]:
        lines = (f"{name.upper()}: not set; {MetaSettings.model_fields[name].description}" for name in absent)
        raise SettingsError("\n".join(lines))
    account = settings.whatsapp_business_account_id or ""
    return GraphTemplates(settings.graph_url, account, _plain(settings.whatsapp_token))


def _address(text: str) -> Sender | None:
    if limits.bsuid(text):
        return Sender(bsuid=text)
    return Sender(phone=text) if limits.phone(text) else None


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


META = Provider(
    name=WHATSAPP,
    path="/webhooks/whatsapp",
    settings=MetaSettings,
    webhooks=_webhooks,
    sender=_sender,
    address=_address,
    ways="a BSUID such as DE.123",
    checks=checks,
    templates=_templates,
)

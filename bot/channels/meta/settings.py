"""What the environment decides about WhatsApp at Meta."""

import re

from pydantic import Field, SecretStr, field_validator

from ...settings import ChannelSettings
from ...urls import web_address

_is_id = re.compile(r"[0-9]{5,20}").fullmatch


class MetaSettings(ChannelSettings):
    """One business number at the Cloud API."""

    needed = ("whatsapp_token", "whatsapp_app_secret", "whatsapp_verify_token", "whatsapp_phone_number_id")

    whatsapp_token: SecretStr | None = Field(
        None,
        description="permanent access token of a system user with whatsapp_business_messaging and "
        "whatsapp_business_management: Meta Business Suite > Settings > Users > System users > Generate token",
    )
    whatsapp_app_secret: SecretStr | None = Field(
        None, description="proves that webhooks come from Meta: App Dashboard > App settings > Basic > App secret"
    )
    whatsapp_verify_token: SecretStr | None = Field(
        None,
        description="any secret text; enter the same one at App Dashboard > WhatsApp > Configuration > Verify token",
    )
    whatsapp_phone_number_id: str | None = Field(
        None,
        description="the number's id (digits), not the phone number: App Dashboard > WhatsApp > API Setup",
    )
    whatsapp_business_account_id: str | None = Field(
        None,
        description="the WhatsApp Business Account's id (digits), used for templates: App Dashboard > WhatsApp > "
        "API Setup",
    )
    whatsapp_marketing_messages: bool = Field(
        False,
        description="true sends marketing templates by Meta's Marketing Messages API: accept its terms first, at "
        "WhatsApp Manager > Overview",
    )
    graph_url: str = Field(
        "https://graph.facebook.com/v26.0",
        description="Meta's Graph API with its version; http:// only on this machine",
    )

    @field_validator("whatsapp_phone_number_id", "whatsapp_business_account_id")
    @classmethod
    def _is_an_id(cls, id: str | None) -> str | None:
        if id is not None and not _is_id(id):
            raise ValueError("is not an id of 5 to 20 digits")
        return id

    @field_validator("whatsapp_token", "whatsapp_app_secret")
    @classmethod
    def _is_in_one_piece(cls, secret: SecretStr | None) -> SecretStr | None:
        """No header takes a line break; long tokens get them where they are copied from a page that wraps."""
        if secret is not None and len(secret.get_secret_value().split()) > 1:
            raise ValueError("has blanks or line breaks inside")
        return secret

    @field_validator("graph_url")
    @classmethod
    def _graph_is_encrypted(cls, url: str) -> str:
        return web_address(url)

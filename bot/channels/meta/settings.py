"""What the environment decides about WhatsApp at Meta."""

from pydantic import Field, SecretStr, field_validator

from ...settings import ChannelSettings, web_address


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
        pattern=r"^[0-9]{5,20}$",
        description="the number's id (digits), not the phone number: App Dashboard > WhatsApp > API Setup",
    )
    whatsapp_business_account_id: str | None = Field(
        None,
        pattern=r"^[0-9]{5,20}$",
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

    @field_validator("graph_url")
    @classmethod
    def _graph_is_encrypted(cls, url: str) -> str:
        return web_address(url)

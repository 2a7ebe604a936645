"""What a channel folder defines: everything that the rest of the program must know about one provider.

`bot.app.channels` lists all providers. Each must pass `tests/channels/contract.py`.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ...messages.inbound import Sender
from ...settings import ChannelSettings
from .incoming import Webhooks
from .outgoing import Channel
from .templates import TemplateApi

S = TypeVar("S", bound=ChannelSettings)


@dataclass(frozen=True, slots=True)
class Check:
    """A result of `doctor` or `/readyz`, for an operator."""

    name: str
    ok: bool
    detail: str = ""
    """What was found."""
    cure: str = ""
    """What to do if it is not ok."""
    required: bool = True
    """Whether the program can't do its work without it; else it is a warning."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "cure": self.cure, "required": self.required}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(Generic[S]):
    """A provider of a channel."""

    name: str
    """Short and permanent: it is stored with what came in, and appears in logs."""
    path: str
    """Where its webhooks are posted, e.g. `/webhooks/whatsapp`."""
    settings: type[S]
    """Its settings from the environment, which tell what is missing."""
    webhooks: Callable[[S], Webhooks]
    """Its way in; made even while something is missing, since the handshake may come before the rest is set."""
    sender: Callable[[S], Channel]
    """Its way out; made once nothing is missing."""
    address: Callable[[str], Sender | None]
    """Reads an address as the channel writes it: `+4915112345678`, or an id of its own; None if not an address."""
    checks: Callable[[S], AsyncIterator[Check]]
    """What `doctor` asks the provider itself."""
    templates: Callable[[S], TemplateApi] | None = None
    """Its message templates, if it has such. Raises `SettingsError` for what is not set."""
    ways: str = ""
    """Which addresses of its own an operator may type besides phone numbers, e.g. `a BSUID such as DE.123`."""

"""consentbot: consent under a WhatsApp business number.

A message passes the rooms in this order: `channels` (bytes → `Inbound`), `web` (stores it), `service` (use cases),
`conversation` (what is said) with `consent` (what the law asks) and `i18n`, `stores` (where it rests), and
`channels` again (`Outbound` → bytes). Start reading at `bot.service`.

A host program imports from here: `setup` puts consentbot in front of its bot; `Inbound`, `Consenter` and `Reply` are
what passes between them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.hosts.aiohttp_app import setup
    from bot.messages.inbound import Choice, Inbound, Media, Text
    from bot.messages.reply import Button, Link, Reply, Row
    from bot.service.hand_over import Consenter
    from bot.settings import Settings

__version__ = "0.1.0"

_PLACES = {
    "setup": "bot.hosts.aiohttp_app",
    "Consenter": "bot.service.hand_over",
    "Settings": "bot.settings",
    **dict.fromkeys(("Choice", "Inbound", "Media", "Text"), "bot.messages.inbound"),
    **dict.fromkeys(("Button", "Link", "Reply", "Row"), "bot.messages.reply"),
}
"""Where each name lives: fetched when it is asked for, so that small commands start fast."""

__all__ = [
    "Button",
    "Choice",
    "Consenter",
    "Inbound",
    "Link",
    "Media",
    "Reply",
    "Row",
    "Settings",
    "Text",
    "__version__",
    "setup",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)

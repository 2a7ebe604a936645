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
    from .hosts.aiohttp_app import setup
    from .messages.inbound import Choice, Inbound, Media, Text
    from .messages.reply import Button, Link, Reply, Row
    from .service.hand_over import Consenter
    from .settings import Settings

__version__ = "0.1.0"

_PLACES = {
    "setup": ".hosts.aiohttp_app",
    "Consenter": ".service.hand_over",
    "Settings": ".settings",
    **dict.fromkeys(("Choice", "Inbound", "Media", "Text"), ".messages.inbound"),
    **dict.fromkeys(("Button", "Link", "Reply", "Row"), ".messages.reply"),
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
    return getattr(import_module(_PLACES[name], __name__), name)

"""consentbot: consent under a WhatsApp business number.

A message passes `web` (takes the request), `channels` (bytes → `Inbound`), `service` (use cases), `conversation` (what
is said) with `words` (what a text means), `consent` (what the law asks) and `i18n`, then `stores` (where it is kept),
and `channels` again (`Outbound` → bytes). `messages` has what they exchange, and `app` puts a process together.
docs/architecture.md draws all of it.

The folder is `bot` in a checkout; where a wheel is installed, the package is `consentbot`. A host program imports from
here: `setup` puts consentbot in front of its bot, `Inbound`, `Person` and `Reply` pass between them, and `OPERATORS`
leads to what operators can do.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conversation.compose import Option
    from .conversation.functions import Functions
    from .conversation.turn import Turn
    from .errors import OperatorError
    from .hosts.aiohttp_app import OPERATORS, setup
    from .messages.inbound import Choice, Inbound, Media, Text
    from .messages.reply import Button, Link, Reply, Row
    from .service.operators.find import Look
    from .service.ports import Person
    from .settings import Settings

__version__ = "0.1.0"

_DEFINED_IN = {
    "OperatorError": ".errors",
    **dict.fromkeys(("OPERATORS", "setup"), ".hosts.aiohttp_app"),
    "Person": ".service.ports",
    "Functions": ".conversation.functions",
    "Option": ".conversation.compose",
    "Turn": ".conversation.turn",
    "Look": ".service.operators.find",
    "Settings": ".settings",
    **dict.fromkeys(("Choice", "Inbound", "Media", "Text"), ".messages.inbound"),
    **dict.fromkeys(("Button", "Link", "Reply", "Row"), ".messages.reply"),
}
"""The module of each name: imported at first use, so that small commands start fast."""

__all__ = [
    "OPERATORS",
    "Button",
    "Choice",
    "Functions",
    "Inbound",
    "Link",
    "Look",
    "Media",
    "OperatorError",
    "Option",
    "Person",
    "Reply",
    "Row",
    "Settings",
    "Text",
    "Turn",
    "__version__",
    "setup",
]


def __getattr__(name: str) -> Any:
    if name not in _DEFINED_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_DEFINED_IN[name], __name__), name)

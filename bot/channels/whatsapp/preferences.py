"""WhatsApp's own switch for marketing messages: which of its values mean stop."""

import re
from typing import Literal

from .fields import Fields

Wish = Literal["stop", "resume"]

_NOTHING = frozenset(
    {
        "resume", "resumed", "signup", "start", "started", "optin", "optedin", "subscribe", "subscribed", "resubscribe",
        "resubscribed", "allow", "allowed", "on", "enable", "enabled", "yes", "true", "accept", "accepted",
        "interested", "follow", "unblock", "unblocked", "unmute", "unmuted", "unstop", "unstopped", "continue",
        "granted", "active", "activated",
    }
)  # fmt: skip
"""Words that would give consent, which only a YES to our own question can (GDPR Art. 7(1))."""

_DENIES = frozenset(
    {
        "stop", "stopped", "not", "don", "dont", "doesn", "no", "never", "off", "out", "block", "blocked",
        "unsubscribe", "unsubscribed", "cancel", "cancelled", "disable", "disabled", "mute", "muted", "revoke",
        "revoked", "withdrawn",
    }
)  # fmt: skip
"""Words that turn the words above into their opposite, as in "does not want to continue"."""

_opts_out = re.compile(
    r"(?:(?:user|customer|person|has|was|all)_)*"
    r"(?:(?:business|marketing|promotions?|promotional|offers|messages?|notifications?|subscription)_)*"
    r"(?:stop|stopped|opt(?:ed)?_?out|unsubscribed?|block|blocked)"
    r"(?:_(?:by|of|from|to|the|all|user|business|marketing|promotions?|promotional|offers|messages?|notifications?))*"
).fullmatch


def opts_out(kind: str) -> bool:
    """Whether the name of an event or value says that somebody wants no more messages.

    The whole name must say so: `user_unblocked`, `call_stopped` and `user_stopped_typing` are about something else.
    """
    words = re.findall("[A-Z]?[a-z]+|[A-Z]+", kind[:_LONGEST_NAME])
    return bool(_opts_out("_".join(words).lower()))


_LONGEST_NAME = 100


def is_one(found: Fields) -> bool:
    """Whether an object in an unknown field reports a use of the switch."""
    value = found.get("value")
    return ("category" in found and "value" in found) or (type(value) is str and opts_out(value))


def wish(preference: Fields) -> tuple[Wish | None, bool]:
    """Return a person's wish, and whether it was guessed; None if there is none.

    A word that is not a known sign-up stops: whoever used the switch without turning marketing on wants less of it.
    The category does not matter either: there is a single switch. Meta: webhooks/reference/user_preferences.
    """
    known = preference.get("value")
    if known in ("stop", "resume") and preference.get("category") == "marketing_messages":
        return ("stop" if known == "stop" else "resume"), False
    if known is False or known == 0:
        return "stop", True
    told = (
        "" if known == "0" else _plain(known),
        *(_plain(preference.get(name)) for name in ("action", "status", "detail")),
    )
    return _meant(next(filter(None, told), "")), True


def _plain(value: object) -> str:
    """Return the word of a switch, which may be wrapped."""
    match value:
        case [word] if isinstance(word, str):
            return word.strip()
        case {"value": str(word)} | {"status": str(word)} | {"action": str(word)}:
            return word.strip()
        case str():
            return value.strip()
    return ""


def _meant(said: str) -> Wish | None:
    words = re.findall("[a-z]+", said.lower())
    if not words or ({*words, "".join(words), "".join(words[:2])} & _NOTHING and not _DENIES & {*words}):
        return "resume" if words and words[0].startswith("resum") else None
    return "stop"

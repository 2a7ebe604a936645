"""WhatsApp's own switch for marketing messages: which of its values mean stop, and which mean nothing here."""

import re
from typing import Literal

from bot.channels.whatsapp.fields import Fields

Wish = Literal["stop", "resume"]

_NOTHING = frozenset(
    {
        "resume", "resumed", "signup", "start", "started", "optin", "subscribe", "subscribed", "resubscribe", "allow",
        "allowed", "on", "enable", "enabled", "yes", "true", "accept", "accepted", "interested", "follow", "unblock",
        "unblocked", "unmute", "unmuted", "continue", "granted",
    }
)  # fmt: skip
"""Words that would give consent, which only a YES to our own question can (GDPR Art. 7(1))."""


def wish(preference: Fields) -> tuple[Wish | None, bool]:
    """Return what a person wished, and whether it was guessed; None when it tells nothing.

    A word that is not known of any sign-up stops: whoever used the switch and did not turn marketing on wants less of
    it. The category does not matter either: there is one switch. Meta: webhooks/reference/user_preferences.
    """
    known = preference.get("value")
    if known in ("stop", "resume") and preference.get("category") == "marketing_messages":
        return ("stop" if known == "stop" else "resume"), False
    said = known if type(known) is str and known.strip() else preference.get("detail")
    if type(said) is not str or not said.strip():
        return (None, True) if known in (None, "", True) else ("stop", True) if known is False else (None, True)
    plain = "".join(re.findall("[a-z]", said.lower()))
    words = set(re.findall("[a-z]+", said.lower()))
    if plain in _NOTHING or (said is not known and words & _NOTHING and "stop" not in words):
        return ("resume" if plain.startswith("resum") else None), True
    return "stop", True

"""Records the withdrawal in a message that can't be answered, whatever else fails.

Stopping must never depend on a text or a flow being intact (GDPR Art. 7(3)), so this uses neither.
"""

import re

from ..messages.inbound import Choice, Preference
from ..words.intents import BY_PAYLOAD, Intent
from . import ending
from .effects import record_paused, record_withdrawn
from .turn import Turn

_WORDS = re.compile(r"\w+").findall


def end(turn: Turn) -> bool:
    """Record what the message of `turn` ends, without a word about it; return whether it ends anything."""
    if isinstance(turn.inbound.content, Preference):
        ending.preference(turn, turn.inbound.content.value)
        return turn.inbound.content.value == "stop"
    match _meant(turn):
        case Intent.STOP if not turn.inbound.forwarded:
            record_withdrawn(turn)
        case Intent.STOP | Intent.MAYBE_STOP:
            record_paused(turn)
        case _:
            return False
    return True


def _meant(turn: Turn) -> Intent | None:
    """Return whether the person stops, or may have meant to."""
    if isinstance(turn.inbound.content, Choice) and (name := turn.inbound.content.id.partition(":")[0]) in _BUTTONS:
        turn.rule = "button"
        return _BUTTONS[name]
    try:
        match = turn.world.keywords.classify(turn.answer, asked_in=None)
    except Exception:
        return _looked_for(turn)
    content = turn.inbound.content
    if match is None and isinstance(content, Choice) and turn.world.keywords.names_stop(content.id):
        turn.rule = BY_PAYLOAD
        return Intent.STOP
    turn.rule = match.rule if match else ""
    return match.intent if match else None


_BUTTONS = {"stop": Intent.STOP, "withdraw": Intent.MAYBE_STOP}
"""Our buttons that end everything, or a single purpose, which can wait until it is understood."""


def _looked_for(turn: Turn) -> Intent | None:
    """Look for a printed word of withdrawal, if not even the search for other words works."""
    keywords, words = turn.world.keywords, _WORDS(turn.answer.casefold())
    printed = {keywords.shown(Intent.STOP, language).casefold() for language in keywords.languages}
    if printed.isdisjoint(words):
        return None
    turn.rule = f"{Intent.STOP}:any:printed"
    return Intent.STOP if len(words) == 1 else Intent.MAYBE_STOP

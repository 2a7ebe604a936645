"""Small talk: "thanks" and "bye" get a fitting line, if nobody else claims them and no question waits."""

from ..words.intents import Intent, Keywords, Match
from ..words.keywords import Heard, base
from . import staff_chat
from .fallback import is_hosts
from .guards import nothing_recorded
from .navigation import DialogueTurn


def answered(turn: DialogueTurn, intent: Intent) -> bool:
    """Answer small talk; return whether that was for us to do.

    It is not for us where the host's bot or the staff answers, nor from a stranger, whom a first contact greets. And
    where a consent has ended, the question for it anew is answer enough.
    """
    if is_hosts(turn) or staff_chat.is_open(turn) or _may_answer(turn, intent) or nothing_recorded(turn):
        return False
    if turn.ended():
        return False
    turn.open(intent)
    return True


def _may_answer(turn: DialogueTurn, intent: Intent) -> bool:
    """Whether small talk may be meant as an answer: "thanks" under a question is no yes, and no reason to leave it.

    It is not under the question for a consent once that was said a second time, and a goodbye never is: nobody is
    pressed, and the buttons stay valid.
    """
    if not turn.is_at_question or turn.record.pending is None:
        return bool(turn.session.flow)
    return intent is not Intent.BYE and turn.session.clarified != turn.record.pending.question


def is_meant(turn: DialogueTurn) -> bool:
    """Whether a text that names a language is small talk in the person's own: Slovenian "dan", which is Danish, too."""
    match = turn.world.keywords.classify(turn.typed, asked_in=None, spoken=(turn.locale,))
    return match is not None and match.intent.heard is Heard.TALK and base(turn.locale) in match.languages


def may_be_yes(turn: DialogueTurn, match: Match) -> bool:
    """Whether small talk in one language may be a yes in another, while a question waits: Danish "tak" is Polish."""
    waits = turn.record.pending is not None and base(turn.locale) not in match.languages
    return waits and turn.world.keywords.yes_elsewhere(turn.typed) is not None


def says_goodbye(keywords: Keywords, text: str) -> bool:
    """Whether `text` says goodbye and nothing else, perhaps with a wave: no reason to keep data about a stranger."""
    match = keywords.classify(text, asked_in=None)
    return match is not None and match.intent is Intent.BYE

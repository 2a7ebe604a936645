"""What a person writes where we only listen: in a group, in a chat that Meta's agent holds, in the chat's history.

Only withdrawals count there, and the end of a yes that is edited or deleted: it was not written to us alone.
"""

from ..messages.inbound import Choice, Correction, Inbound, Media, Other, Reaction, StaffMessage, Text
from ..words.intents import Intent, Keywords, Match
from .corrections import take_words_back
from .navigation import DialogueTurn
from .taps import tapped
from .triggers import Trigger
from .turn import said
from .withdrawals import obey


def withdraws(inbound: Inbound, keywords: Keywords, *, doubts: bool = True) -> bool:
    """Whether something overheard contains a clear withdrawal or, with `doubts`, a doubtful withdrawal."""
    match inbound.content:
        case Text() | Choice() | Media() | Correction() | Other() as content:
            try:
                match = _withdrawal(inbound, content, keywords)
            except Exception:  # the step will fail as well, and look for a withdrawal in another way
                return True
            return match is not None and (doubts or match.intent is not Intent.MAYBE_STOP)
        case StaffMessage() | Reaction():
            return False
    return True


def overheard(turn: DialogueTurn, content: Text | Choice | Media | Correction | Other) -> None:
    """Obey and confirm a withdrawal that was not written to us alone; if it is doubtful, pause silently.

    A yes that is edited or deleted there is taken back as well. If Meta's agent holds the chat, the doubt is asked
    about, since the answer comes the same way.
    """
    match = _withdrawal(turn.inbound, content, turn.world.keywords)
    doubt, held = match is not None and match.intent is Intent.MAYBE_STOP, turn.inbound.overheard == "standby"
    if isinstance(content, Correction) and (match is None or doubt):
        take_words_back(turn, content)
    if match is not None:
        turn.rule = match.rule
        if isinstance(content, Choice) and match.rule == "button":
            tapped(turn, content.id)
        elif turn.record.given or not turn.entries:
            obey(turn, match)
    if turn.inbound.overheard == "history" or (doubt and not held):
        turn.replies = []
    elif held and not doubt:  # a tap there would not be heard
        turn.replies = [reply for reply in turn.replies if not (reply.buttons or reply.rows)]


def _withdrawal(
    inbound: Inbound, content: Text | Choice | Media | Correction | Other, keywords: Keywords
) -> Match | None:
    """Return the withdrawal or doubt in something overheard."""
    name = content.id.partition(":")[0] if isinstance(content, Choice) else ""
    if name in (Intent.STOP, "withdraw") or (name == Trigger.KEEP and inbound.overheard == "standby"):
        return Match(Intent.STOP, "button", frozenset())
    match = keywords.classify(said(content), asked_in=None)
    if match is None or (inbound.overheard == "history" and match.intent is Intent.MAYBE_STOP):
        return None  # an old doubt has long been settled, or forgotten
    return match if match.intent in (Intent.STOP, Intent.OBJECT, Intent.MAYBE_STOP) else None

"""Somebody writes who was never asked for consent: they are greeted and answered, and asked when the company says so.

Answering what a person asks needs no consent, and must not depend on one (GDPR Art. 7(4)).
"""

from ..messages.inbound import MessageId, Text
from ..words.intents import Intent
from . import staff_chat
from .guards import nothing_recorded
from .navigation import DialogueTurn
from .turn import Turn


def is_stranger(turn: Turn) -> bool:
    """Whether the person was never asked for anything, and is in no dialogue."""
    return not turn.session.flow and nothing_recorded(turn)


def meet(turn: DialogueTurn, *, ours: bool) -> None:
    """Ask for consent at once; before that, say what becomes of a message that the bot can't answer itself."""
    if not ours and not greets(turn):
        if staff_chat.begins_unasked(turn):
            staff_chat.pass_on(turn, "not_understood")
            turn.say("human.handed")
        else:
            turn.lead(turn.unread or "common.reach")
    ask(turn)


def meet_before_host(turn: DialogueTurn) -> None:
    """Say who speaks, where the privacy notice is and how to stop, before the host's bot answers."""
    if turn.world.asks_first == "at_once":
        return ask(turn)
    if not turn.session.greeted:
        turn.say("common.notice", stoppable=True)
    turn.asks_after = turn.world.asks_first == "after_answer"
    return None


def ask_after_answer(turn: DialogueTurn, answered: MessageId) -> None:
    """Ask for consent, now that the host's bot has answered a message; not if the person has written another since."""
    if is_stranger(turn) and turn.record.pending is None and turn.session.unanswered == turn.token(answered):
        ask(turn)


def ask(turn: DialogueTurn) -> None:
    """Ask for consent; before that, ask for the person's language if nothing reveals it."""
    known = turn.session.locale or len(turn.world.texts.offered) == 1
    turn.open(Intent.START if known else Intent.LANGUAGE)


def greets(turn: Turn) -> bool:
    """Whether the person typed nothing but a greeting or a courtesy."""
    return isinstance(turn.inbound.content, Text) and turn.world.keywords.is_courtesy(turn.typed)

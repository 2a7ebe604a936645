"""A message that no dialogue claims: it goes to the company's staff or to the host's bot, or is not understood."""

from ..messages.basis import ForPurpose
from ..words.intents import UNASKED, UNASKED_NO, Intent
from . import first_contact, staff_chat
from .compose import UNCLEAR, Option
from .guards import staff_answers_here
from .navigation import DialogueTurn
from .questions import ask_again, ask_anew
from .turn import Turn

MOST_UNCLEAR_MESSAGES = 3
"""How many consecutive messages that match nothing get an answer; the last answer tells how to reach a person."""

_ANSWERS = (f"{Intent.YES}:", f"{Intent.NO}:")
"""How the rules of words begin that answer a question."""


def unclaimed(turn: DialogueTurn, *, ours: bool = False) -> None:
    """Handle a message that nothing claims; `ours`: it answers something that we asked, but does not fit."""
    session = turn.session
    session.unanswered = turn.token(turn.inbound.id)
    if not ours and staff_chat.is_open(turn):
        staff_chat.pass_on_unheard(turn)
    elif not ours and is_hosts(turn):
        _hand_over(turn)
    elif first_contact.is_stranger(turn) and turn.world.asks_first != "when_asked":
        first_contact.meet(turn, ours=ours)
    elif not ours and turn.position != turn.flows.doubt and staff_chat.begins_unasked(turn):
        staff_chat.pass_on(turn, "not_understood")
        turn.say("human.handed")
    elif session.unclear < MOST_UNCLEAR_MESSAGES:
        session.unclear += 1
        _not_understood(turn, answers=ours or turn.rule.startswith(_ANSWERS))


def is_hosts(turn: Turn) -> bool:
    """Whether the host's bot gets messages that none of our dialogues claims."""
    match turn.world.host:
        case ForPurpose(purpose):
            return turn.record.allows(purpose, turn.inbound.at)
        case None:
            return False
    return not turn.record.restricted  # GDPR Art. 18


def _hand_over(turn: DialogueTurn) -> None:
    """Hand the message over. The host's bot speaks last then, so a plain yes or no is meant for it."""
    session = turn.session
    turn.handed_over = True
    if first_contact.is_stranger(turn):
        first_contact.meet_before_host(turn)
    session.unclear = session.repeats = 0
    session.last_text = ""


def _not_understood(turn: DialogueTurn, *, answers: bool) -> None:
    """Say so, with what can be done instead; `answers`: it looks like an answer to what was asked."""
    if _asked_again(turn, answers=answers):
        return
    if not (turn.record.is_stoppable or turn.session.unclear == MOST_UNCLEAR_MESSAGES) and ask_anew(turn):
        return
    _say_why(turn)
    if turn.session.unclear == MOST_UNCLEAR_MESSAGES:
        _say_with_ways(turn, "human.contact", *(["human"] if staff_answers_here(turn) else []))
    elif turn.record.is_stoppable:
        _say_with_ways(turn, "common.ways", "my_choices", "privacy", "human")
    else:
        _say_with_ways(turn, "help.unsubscribed", "start", "privacy", "human")


def _asked_again(turn: DialogueTurn, *, answers: bool) -> bool:
    """Say once more what the dialogue asked; return whether that was due.

    Whoever tries to answer may try again; other messages bring a question back only once: nobody is pressed.
    """
    flow, pending, session = turn.flow, turn.record.pending, turn.session
    unclear = flow.state(session.state).table.unclear if flow is not None else ""
    if flow is None or not unclear:
        return False
    tries = answers or bool(turn.unread)
    if not turn.is_at_question or pending is None:
        if session.unclear > 1 and not tries:
            return False
    elif pending.locale != turn.locale and ask_again(turn):
        return True
    elif session.clarified == pending.question and not tries:
        return False
    else:
        session.clarified = pending.question
    if session.unclear == MOST_UNCLEAR_MESSAGES:  # what follows may meet silence
        _say_reach(turn)
    else:
        _say_why(turn)
    flow.state(session.state).speak(turn, unclear)
    return True


def _say_why(turn: Turn) -> None:
    """Begin with why there is no answer; a courtesy needs none, nor does a yes or no to nothing."""
    if turn.rule not in (UNASKED, UNASKED_NO) and not first_contact.greets(turn):
        turn.lead(turn.unread or UNCLEAR)


def _say_reach(turn: Turn) -> None:
    """Begin with how to reach a person."""
    if turn.unread:
        turn.lead(turn.unread)
    turn.lead("common.reach")


def _say_with_ways(turn: Turn, text_id: str, *ways: str) -> None:
    turn.say(text_id, [Option(way, f"common.{way}") for way in ways])

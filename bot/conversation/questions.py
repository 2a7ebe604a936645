"""Asking for consent: for the first time, again, one purpose before the others, or anew after a consent ended."""

from ..consent.evidence import Kind, Method
from ..consent.lifecycle import Pending
from ..words.intents import Intent
from .flow import Position
from .navigation import DialogueTurn
from .triggers import Trigger

_ENDS = frozenset({Kind.EXPIRED, Kind.STALE})
"""Facts that a message reveals rather than causes."""


def ask(turn: DialogueTurn, *purposes: str, trigger: str = Trigger.ASK_ONE) -> None:
    """Begin a round of questions about only these purposes; the current round continues if none is left."""
    round_before, question = turn.session.asking, turn.record.pending
    turn.session.asking = purposes
    turn.open(Intent.START, trigger)
    if turn.record.pending == question:
        turn.session.asking = round_before


def ask_again(turn: DialogueTurn) -> bool:
    """Repeat the pending question; return whether there was one."""
    return turn.fire(Trigger.ASK_AGAIN)


def ask_for_a_tap(turn: DialogueTurn) -> None:
    """Say once what the pending question asks; only a tap, or a reply that quotes it, answers it."""
    state = turn.state_at(turn.flows.question)
    state.speak(turn, state.table.unclear)
    turn.session.last_text = ""


def say_again(turn: DialogueTurn, position: Position) -> None:
    """Say once more what is asked at a position: it stays the same question."""
    state = turn.state_at(position)
    state.speak(turn, state.table.say)


def ask_first(turn: DialogueTurn, purpose: str) -> None:
    """Ask about this purpose now; the pending question and the rest of its round follow."""
    pending = turn.record.pending
    ask(turn, purpose, *([pending.purpose] if pending else []), *(turn.session.asking or ()))


def ask_anew(turn: DialogueTurn, *, wished: bool = False) -> bool:
    """Ask again for consents that ended by themselves, and say why; return whether there are any."""
    ended = turn.ended(wished=wished) if turn.record.pending is None else []
    if ended:
        ask(turn, *ended, trigger=Trigger.ASK_ANEW)
    return bool(ended)


def renew(turn: DialogueTurn) -> None:
    """Ask again for what has ended or ends soon: after an answer to the person, if nothing else is going on."""
    if not turn.replies or turn.tasks or turn.to_staff or any(entry.kind not in _ENDS for entry in turn.entries):
        return
    turn.settle()
    if turn.session.flow or turn.record.pending is not None or ask_anew(turn) or not turn.world.renews:
        return
    if ending := [purpose for purpose in turn.record.given if turn.renewable(purpose)]:
        ask(turn, ending[0])


def take_back(turn: DialogueTurn, purpose: str) -> None:
    """Say that a yes does not count because its question had not arrived, and ask again."""
    if turn.world.business.purpose(purpose) is None or turn.record.restricted:
        return
    turn.about = purpose
    turn.lead("common.undelivered")
    ask_first(turn, purpose)


def repeat_after_withdrawal(turn: DialogueTurn, waited: Pending | None) -> None:
    """Repeat the question that `waited` before this turn if we just reported the end of another consent.

    Otherwise a yes might be meant for that report. Where we only overhear, nothing can be asked, so the question ends.
    """
    pending, replies = turn.record.pending, turn.replies
    if pending is None or pending != waited or not replies or any(reply.question for reply in replies):
        return
    if turn.record.restricted or all(entry.kind is not Kind.WITHDRAWN for entry in turn.entries):
        return
    turn.about = pending.purpose
    if turn.inbound.overheard:
        turn.close_question(Method.CHAT, rule="superseded")
    elif turn.is_at_question and not ask_again(turn):
        say_again(turn, turn.flows.question)  # the cause is older than the question
    turn.settle()

"""A conversation with the company's staff: what no dialogue claims goes to them, until they or a silence end it.

Answering what a person asks needs no consent, and must not depend on one (GDPR Art. 7(4)).
"""

from .guards import staff_answers_here
from .turn import Turn


def goes_on(turn: Turn) -> bool:
    """Whether a conversation goes on, though perhaps nobody may answer in it at the moment."""
    chat, last = turn.world.business.human.chat, turn.session.staff_at
    return chat is not None and bool(last) and turn.inbound.at - last <= chat.ends_after.total_seconds()


def is_open(turn: Turn) -> bool:
    """Whether a conversation goes on in which the staff may answer."""
    return goes_on(turn) and staff_answers_here(turn)


def begins_unasked(turn: Turn) -> bool:
    """Whether a message that no dialogue understands begins a conversation."""
    chat = turn.world.business.human.chat
    return chat is not None and chat.not_understood and staff_answers_here(turn)


def pass_on(turn: Turn, why: str) -> None:
    """Pass the message on to the staff, who may answer it within the window.

    If the person has edited or deleted it already, only that is passed on.
    """
    session = turn.session
    session.staff_at = max(session.staff_at, turn.inbound.at)
    session.unanswered = turn.token(turn.inbound.id)
    session.unclear = 0
    if not turn.is_corrected:
        turn.to_staff = why


def pass_on_unheard(turn: Turn) -> None:
    """Pass on what continues a conversation: no text of ours is the last thing said any more."""
    pass_on(turn, "continued")
    turn.session.last_text = ""


def pass_on_correction(turn: Turn) -> None:
    """Pass on that an earlier message was edited or deleted, which may have been written to the staff."""
    if turn.world.business.human.chat is not None:
        turn.to_staff = "continued" if is_open(turn) else "corrected"

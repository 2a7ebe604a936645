"""A conversation with the company's staff: what no dialogue claims goes to them, until they or a silence end it.

Answering what a person asks needs no consent, and must not depend on one (GDPR Art. 7(4)).
"""

from .guards import staff_answers_here
from .turn import Turn


def is_open(turn: Turn) -> bool:
    """Whether a conversation goes on."""
    chat = turn.world.business.human.chat
    if chat is None or not turn.session.staff_at or not staff_answers_here(turn):
        return False
    return turn.inbound.at - turn.session.staff_at <= chat.ends_after.total_seconds()


def begins_unasked(turn: Turn) -> bool:
    """Whether a message that no dialogue understands begins a conversation."""
    chat = turn.world.business.human.chat
    return chat is not None and "not_understood" in chat.begins and staff_answers_here(turn)


def pass_on(turn: Turn, why: str) -> None:
    """Pass the message on to the staff, who may answer it within the window."""
    session = turn.session
    _pass(turn, why)
    session.unanswered = turn.token(turn.inbound.id)
    session.unclear = 0


def pass_on_unheard(turn: Turn) -> None:
    """Pass on what continues a conversation: no text of ours is the last thing said any more."""
    pass_on(turn, "continued")
    turn.session.last_text = ""


def pass_on_correction(turn: Turn) -> None:
    """Pass on that an earlier message was edited or deleted; it may not have been meant for the staff."""
    _pass(turn, "continued")


def _pass(turn: Turn, why: str) -> None:
    turn.to_staff = why
    turn.session.staff_at = max(turn.session.staff_at, turn.inbound.at)

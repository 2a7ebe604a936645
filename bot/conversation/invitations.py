"""Asking somebody who opted in elsewhere: the company's part of a double opt-in begins the dialogue."""

from ..consent.invitations import invited
from ..messages.inbound import Invitation
from .navigation import DialogueTurn
from .questions import ask
from .triggers import Trigger


def invite(turn: DialogueTurn, invitation: Invitation) -> None:
    """Ask about what may be asked about; behind the pending question if there is one."""
    known = [purpose for purpose in invitation.purposes if turn.world.business.purpose(purpose)]
    purposes, _ = invited(turn.record, known, invitation.method, turn.inbound.at)
    if not purposes:
        return
    session = turn.session
    if invitation.locale and (session.guessed or not session.locale):
        session.locale, session.guessed = invitation.locale, False
    if turn.record.pending is not None:
        asking = session.asking or ()
        session.asking = (*asking, *(purpose for purpose in purposes if purpose not in asking))
        return
    turn.template = invitation.template
    ask(turn, *purposes, trigger=Trigger.INVITED)

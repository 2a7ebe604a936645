"""Asking somebody who opted in elsewhere: the company's part of a double opt-in begins the dialogue."""

from ..consent.invitations import invited
from ..messages.inbound import Invitation
from .navigation import DialogueTurn
from .questions import ask
from .triggers import Trigger


def invite(turn: DialogueTurn, invitation: Invitation) -> None:
    """Ask about what may be asked about; behind the pending question if there is one."""
    needed = {purpose.id for purpose in turn.world.business.consentable}
    known = [purpose for purpose in invitation.purposes if purpose in needed]
    purposes, _ = invited(turn.record, known, invitation.method, turn.inbound.at)
    purposes = [purpose for purpose in purposes if turn.inbound.at >= turn.record.consent(purpose).stopped_at]
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

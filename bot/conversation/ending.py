"""What ends consents and questions without a word from the person: time, a new notice, their switch, a new number."""

from bot.consent.evidence import Kind, Method
from bot.consent.retention import end
from bot.conversation.flow import Flows
from bot.conversation.standing import Standing
from bot.conversation.turn import Turn


class Ending:
    """Records such ends; only the end of a question may say something, if its flow wants that."""

    def __init__(self, flows: Flows, standing: Standing) -> None:
        self._flows = flows
        self._standing = standing

    def due(self, turn: Turn) -> None:
        """Record what ended before this message was written, whether or not a timer has come."""
        last_contact, lasts = turn.session.last_at or turn.inbound.at, turn.world.lasts
        for purpose in turn.record.given:
            consent = turn.record.consent(purpose)
            ends = end(consent, last_contact, lasts)
            if turn.inbound.at >= ends.at:
                turn.record_fact(Kind.EXPIRED, purpose, method=Method.TIMER, actor="system", answer="", rule=ends.why)
            elif not turn.world.business.notice_stands(consent.notice):
                turn.record_fact(Kind.STALE, purpose, method=Method.NOTICE_CHANGE, actor="system", answer="", rule="")
        pending = turn.record.pending
        if pending is None:
            return
        business = turn.world.business
        if business.purpose(pending.purpose) is None or not business.notice_stands(pending.notice):
            turn.close_question(Method.NOTICE_CHANGE)
        elif turn.inbound.at > pending.expires_at:
            self.lapse(turn, pending.question)

    def lapse(self, turn: Turn, question: str) -> None:
        """The time to answer this question is up, if it still waits."""
        place = self._flows.question
        expires = self._flows[place.flow].state(place.state).table.expires
        if expires and turn.record.pending is not None and turn.record.pending.question == question:
            self._standing.visit(turn, place, expires)

    def preference(self, turn: Turn, value: str) -> None:
        """WhatsApp's own switch: `stop` withdraws marketing; `resume` gives nothing back, it is no consent."""
        if value == "stop":
            purposes = turn.world.business.purposes
            turn.withdraw([purpose.id for purpose in purposes if purpose.category == "marketing"])

    def address_changed(self, turn: Turn) -> None:
        """Someone else may hold the number now: every withdrawal stays, every consent needs a new YES.

        What was asked under the new address already, because this comes late or twice, stands.
        """
        at = turn.inbound.at
        for purpose in turn.record.given:
            if turn.record.consent(purpose).asked_at <= at:
                turn.record_fact(Kind.STALE, purpose)
        if turn.record.pending is not None and turn.record.pending.asked_at <= at:
            turn.close_question(Method.ADDRESS_CHANGE)
            turn.session.flow = turn.session.state = ""

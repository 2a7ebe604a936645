"""What ends consents and questions without a word from the person: time, a new notice, their switch, a new number.

Only the end of a question may say something, if its flow does.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from ..consent.asked import Asked, noted, without
from ..consent.evidence import Kind, Method, Seen
from ..consent.lifecycle import Consent
from ..consent.retention import end
from ..messages.inbound import Inbound, QuestionStatus
from .navigation import DialogueTurn
from .turn import Turn


def due(turn: DialogueTurn) -> None:
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
    elif turn.inbound.at > turn.session.answerable_until:
        _lapse(turn)


def _lapse(turn: DialogueTurn) -> None:
    """End the pending question."""
    position = turn.flows.question
    if expires := turn.flows[position.flow].state(position.state).table.expires:
        turn.fire_at(position, expires)


def conveyed(turn: DialogueTurn, news: QuestionStatus) -> Sequence[str]:
    """Note how far a message with a question got; return the purposes whose consent turns out to be void.

    A question that reaches nobody lapses. If somebody agreed to it in the meantime, they agreed to something unseen:
    that consent is stale, unless the answer itself (its button, a quote) shows otherwise (GDPR Art. 4(11)).
    """
    if not news.question:
        question = next((attempt.question for attempt in turn.session.asked if attempt.message == news.message), "")
        if not question:
            return ()  # that message asked for no consent
        news = replace(news, question=question)
    if news.status in ("failed", "unsent"):
        return _undelivered(turn, news)
    if news.question in (relevant := turn.relevant_questions):
        turn.session.asked = noted(turn.session.asked, _asked(news, turn.inbound), relevant)
    return ()


def _undelivered(turn: DialogueTurn, news: QuestionStatus) -> Sequence[str]:
    session, question = turn.session, news.question
    message = _which(session.asked, news)
    if any(
        attempt.delivered_at for attempt in session.asked if attempt.question == question and attempt.message == message
    ):
        return ()  # WhatsApp may report both; delivered wins
    session.asked = without(session.asked, question, message)
    if any(attempt.is_taken for attempt in session.asked if attempt.question == question):
        return ()  # another message asks it too
    if turn.record.pending is not None and turn.record.pending.question == question:
        _lapse(turn)
    unfounded = [
        purpose
        for purpose in turn.record.given
        if news.status == "failed" and _hangs_on(turn.record.consent(purpose), question)
    ]
    for purpose in unfounded:
        turn.record_fact(Kind.STALE, purpose, question=question)
    return unfounded


def preference(turn: Turn, value: str) -> None:
    """Obey WhatsApp's own switch: `stop` withdraws marketing; `resume` is no consent and gives nothing back."""
    if value == "stop":
        purposes = turn.world.business.purposes
        turn.withdraw([purpose.id for purpose in purposes if purpose.category == "marketing"])


def address_changed(turn: Turn) -> None:
    """End what a new holder of the number did not agree to: withdrawals stay, every consent needs a new YES.

    Questions already asked under the new address stand: this event may come late or twice.
    """
    at = turn.inbound.at
    if turn.record.pending is not None and turn.record.pending.asked_at <= at:
        turn.close_question(Method.ADDRESS_CHANGE)  # first: a sale may have rested behind it
        turn.session.flow = turn.session.state = ""
    for purpose in turn.record.standing:
        if max(turn.record.consent(purpose).asked_at, turn.record.consent(purpose).sold_at) <= at:
            turn.record_fact(Kind.STALE, purpose)


def _asked(news: QuestionStatus, inbound: Inbound) -> Asked:
    return Asked(
        news.question,
        news.message,
        accepted_on=inbound.received_at if news.status == "accepted" else 0.0,
        sent_at=inbound.at if news.status == "sent" else 0,
        delivered_at=inbound.at if news.status == "delivered" else 0,
    )


def _which(asked: Sequence[Asked], news: QuestionStatus) -> str:
    """Return the message that failed; if the named message is unknown, the only message that asks the question."""
    messages = [attempt.message for attempt in asked if attempt.question == news.question]
    return messages[0] if news.status == "failed" and len(messages) == 1 else news.message


def _hangs_on(consent: Consent, question: str) -> bool:
    """Whether the consent rests only on WhatsApp having accepted this question."""
    return consent.question == question and consent.seen in (Seen.ACCEPTED, Seen.UNKNOWN)

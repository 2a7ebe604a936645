"""What flow files may name as `conditions`: a guard reads the turn and answers; it changes nothing."""

import unicodedata
from collections.abc import Callable, Mapping

from ..consent.asked import first_delivery
from ..consent.evidence import Method
from ..consent.lifecycle import Consent, Status, answerable
from ..messages.inbound import Choice
from .turn import Turn

Guard = Callable[[Turn], bool]


def answers_the_pending_request(turn: Turn) -> bool:
    """Whether the message answers the pending question, and nothing newer contradicts it."""
    inbound, pending = turn.inbound, turn.record.pending
    names_one = turn.named or isinstance(inbound.content, Choice)
    delivered_at = first_delivery(turn.session.asked, pending.question) if pending else 0
    answered = answerable(
        turn.record,
        at=inbound.at,
        received_at=inbound.received_at,
        question=turn.named if names_one else None,
        delivered_at=delivered_at,
    )
    return answered is not None


def nothing_to_ask(turn: Turn) -> bool:
    """Whether there is nothing (left) to ask."""
    return not turn.to_ask()


def more_to_ask(turn: Turn) -> bool:
    """Whether another question of this round follows."""
    return bool(turn.to_ask())


def ended_by_time(turn: Turn) -> bool:
    """Whether the consent to be asked for ended because its time was over."""
    return _next(turn).status is Status.EXPIRED


def ended_by_notice(turn: Turn) -> bool:
    """Whether the consent to be asked for ended because the privacy notice changed materially."""
    return _next(turn).ended and _next(turn).ended_by is Method.NOTICE_CHANGE


def ended_by_address(turn: Turn) -> bool:
    """Whether the consent to be asked for ended because the person's number changed."""
    return _next(turn).ended and _next(turn).ended_by is Method.ADDRESS_CHANGE


def agreed_unseen(turn: Turn) -> bool:
    """Whether somebody agreed to a question that had not reached them, and the message saying so has not reached them
    either."""
    return _next(turn).ended and _next(turn).ended_by is Method.UNDELIVERED and _next(turn).unseen


def _next(turn: Turn) -> Consent:
    return turn.record.consent(next(iter(turn.to_ask()), ""))


def question_waits(turn: Turn) -> bool:
    """Whether the pending question can simply be repeated because it is in the current language."""
    return turn.record.pending is not None and turn.record.pending.locale == turn.locale


def newer_than_the_question(turn: Turn) -> bool:
    """Whether the message was written after the pending question: an older message can't lead to another question."""
    return turn.record.pending is not None and turn.inbound.at >= turn.record.pending.asked_at


def use_restricted(turn: Turn) -> bool:
    """Whether the person has restricted the use of their data for the purpose in question."""
    return turn.record.consent(turn.about).restricted


def restricted_since(turn: Turn) -> bool:
    """Whether the person restricted the use of their data after this message was written: it came late."""
    return any(
        consent.restricted and consent.restricted_at >= turn.inbound.at for consent in turn.record.consents.values()
    )


def nothing_given(turn: Turn) -> bool:
    """Whether the person agreed to nothing."""
    return not turn.record.given


def chat_is_held(turn: Turn) -> bool:
    """Whether Meta's agent holds the chat, so that nothing can be talked about there."""
    return turn.inbound.overheard == "standby"


def already_stopped(turn: Turn) -> bool:
    """Whether everything is withdrawn already."""
    consents = (turn.record.consent(purpose.id) for purpose in turn.world.business.purposes)
    return all(consent.status is Status.WITHDRAWN for consent in consents)


def nothing_recorded(turn: Turn) -> bool:
    """Whether the person was never asked for anything."""
    return not turn.record.consents


def types_the_code(turn: Turn) -> bool:
    """Whether the message is the code that was asked for, in any script's digits."""
    if not turn.session.code:
        return False
    digits = "".join(str(unicodedata.digit(sign)) for sign in turn.answer if sign.isdecimal())
    return not turn.inbound.forwarded and digits == turn.session.code and not any(map(str.isalpha, turn.answer))


def overtaken(turn: Turn) -> bool:
    """Whether something was asked or agreed to after this message was written: it came late."""
    return any(
        consent.status in (Status.GIVEN, Status.REQUESTED) and consent.asked_at > turn.inbound.at
        for consent in turn.record.consents.values()
    )


GUARDS: Mapping[str, Guard] = {
    guard.__name__: guard
    for guard in (
        answers_the_pending_request,
        nothing_to_ask,
        more_to_ask,
        ended_by_time,
        ended_by_notice,
        ended_by_address,
        agreed_unseen,
        question_waits,
        newer_than_the_question,
        use_restricted,
        restricted_since,
        nothing_given,
        nothing_recorded,
        types_the_code,
        already_stopped,
        chat_is_held,
        overtaken,
    )
}

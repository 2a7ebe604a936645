"""What flow files may name as `conditions`: a guard reads the turn and answers; it changes nothing.

Their docstrings are the glossary in `docs/flows.md`, which a lawyer reads beside a flow file: they are in plain words,
and name the article that a rule comes from.
"""

import unicodedata
from collections.abc import Callable, Mapping

from ..consent.asked import first_delivery
from ..consent.evidence import Method
from ..consent.lifecycle import Consent, Status, answerable
from ..messages.inbound import Choice
from .turn import MOST_ATTEMPTS, Turn

Guard = Callable[[Turn], bool]


def answers_the_pending_request(turn: Turn) -> bool:
    """Whether the message answers the question that waits.

    It must have been written after the question, before the time to answer was over, and after the person's last
    withdrawal. A tapped button or a quoted message must be that of this very question (GDPR Art. 4(11), 7(1), 7(3)).
    """
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
    """Whether there is no purpose to ask about.

    Each was agreed to already and is not due to be renewed, or was withdrawn after this message was written.
    """
    return not turn.to_ask()


def more_to_ask(turn: Turn) -> bool:
    """Whether another purpose is to be asked about: each needs its own consent (GDPR Art. 6(1)(a), rec. 43)."""
    return bool(turn.to_ask())


def ended_by_time(turn: Turn) -> bool:
    """Whether the consent to be asked for ended because the time for which it was valid is over."""
    return _next(turn).status is Status.EXPIRED


def ended_by_notice(turn: Turn) -> bool:
    """Whether the consent to be asked for ended because the privacy notice changed materially.

    The person had agreed to something else (EDPB Guidelines 05/2020, para. 110).
    """
    return _next(turn).ended and _next(turn).ended_by is Method.NOTICE_CHANGE


def ended_by_address(turn: Turn) -> bool:
    """Whether the consent to be asked for ended because the person's number changed.

    Whoever holds the new number did not agree to anything.
    """
    return _next(turn).ended and _next(turn).ended_by is Method.ADDRESS_CHANGE


def agreed_unseen(turn: Turn) -> bool:
    """Whether the person agreed to a question that was not delivered, and the message saying so was not, either.

    Such a consent ends, because nobody can agree to a question that they have not seen (GDPR Art. 4(11)).
    """
    return _next(turn).ended and _next(turn).ended_by is Method.UNDELIVERED and _next(turn).unseen


def _next(turn: Turn) -> Consent:
    return turn.record.consent(next(iter(turn.to_ask()), ""))


def question_waits(turn: Turn) -> bool:
    """Whether a question waits and is in the person's current language.

    Then it can be repeated and stays the same question, in the wording that is on record (GDPR Art. 7(1)).
    """
    return turn.record.pending is not None and turn.record.pending.locale == turn.locale


def newer_than_the_question(turn: Turn) -> bool:
    """Whether a question waits that is not newer than the message: an older message can't lead to another question."""
    return turn.record.pending is not None and turn.inbound.at >= turn.record.pending.asked_at


def use_restricted(turn: Turn) -> bool:
    """Whether the person has restricted the use of their data for the purpose in question (GDPR Art. 18)."""
    return turn.record.consent(turn.about).restricted


def restricted_since(turn: Turn) -> bool:
    """Whether the person restricted the use of their data after this message was written (GDPR Art. 18).

    The message came late, so the restriction stands.
    """
    return any(
        consent.restricted and consent.restricted_at >= turn.inbound.at for consent in turn.record.consents.values()
    )


def nothing_given(turn: Turn) -> bool:
    """Whether the person has no consent that stands, for any purpose."""
    return not turn.record.given


def chat_is_held(turn: Turn) -> bool:
    """Whether Meta's own agent answers in this chat at the moment, so that we can offer nothing to choose there."""
    return turn.inbound.overheard == "standby"


def already_stopped(turn: Turn) -> bool:
    """Whether the person has withdrawn for every purpose of the business already."""
    consents = (turn.record.consent(purpose.id) for purpose in turn.world.business.purposes)
    return all(consent.status is Status.WITHDRAWN for consent in consents)


def nothing_recorded(turn: Turn) -> bool:
    """Whether the ledger says nothing about any purpose for this person: they were never asked for anything."""
    return not turn.record.consents


def any_question_waits(turn: Turn) -> bool:
    """Whether a question for a consent waits, in whatever language."""
    return turn.record.pending is not None


def something_allowed(turn: Turn) -> bool:
    """Whether the person may be written to about something, because they agreed to it and it holds."""
    return any(turn.record.allows(purpose.id, turn.inbound.at) for purpose in turn.world.business.purposes)


def came_by_form(turn: Turn) -> bool:
    """Whether the first question for a consent followed a form on the web, or an app (GDPR Art. 14(2)(f))."""
    return _came_by(turn, Method.WEB_FORM, Method.WEB)


def came_by_call(turn: Turn) -> bool:
    """Whether the first question for a consent followed a phone call (GDPR Art. 14(2)(f))."""
    return _came_by(turn, Method.CALL, Method.PHONE)


def came_on_paper(turn: Turn) -> bool:
    """Whether the first question for a consent followed a paper form, a letter or a visit (GDPR Art. 14(2)(f))."""
    return _came_by(turn, Method.PAPER, Method.LETTER, Method.IN_PERSON)


def came_by_sale(turn: Turn) -> bool:
    """Whether a sale to the person is recorded (GDPR Art. 14(2)(f))."""
    return any(consent.sold_at for consent in turn.record.consents.values())


def came_from_records(turn: Turn) -> bool:
    """Whether the company passed the number on from its own records: a file, or a program (GDPR Art. 14(2)(f))."""
    claimed = any(consent.claimed_at for consent in turn.record.consents.values())
    return claimed or _came_by(turn, Method.API, Method.EMAIL, Method.IMPORT, Method.OTHER)


def number_is_hidden(turn: Turn) -> bool:
    """Whether WhatsApp shows no number of the person, only an id. Meta: business-scoped-user-ids, Nov 2026."""
    return not turn.inbound.sender.phone


def _came_by(turn: Turn, *methods: Method) -> bool:
    return any(consent.asked_by in methods for consent in turn.record.consents.values())


def types_the_code(turn: Turn) -> bool:
    """Whether the person typed the code that was asked for, so that nobody is erased by mistake.

    The digits may be of any script. A message with letters does not count, and neither does a forwarded one.
    """
    if not turn.session.code:
        return False
    digits = "".join(str(unicodedata.digit(sign)) for sign in turn.answer if sign.isdecimal())
    return not turn.inbound.forwarded and digits == turn.session.code and not any(map(str.isalpha, turn.answer))


def types_a_code(turn: Turn) -> bool:
    """Whether the person typed digits without any letters, which may be meant as the code."""
    return any(map(str.isdecimal, turn.answer)) and not any(map(str.isalpha, turn.answer))


def has_attempts_left(turn: Turn) -> bool:
    """Whether the person may type the code once more after this attempt."""
    return turn.session.attempts + 1 < MOST_ATTEMPTS


def staff_answers_here(turn: Turn) -> bool:
    """Whether the company's staff answers in the chat.

    Nothing is sent to a person who has restricted the use of their data (GDPR Art. 18), so they are told other ways.
    """
    return turn.world.business.human.chat is not None and not turn.record.restricted


def overtaken(turn: Turn) -> bool:
    """Whether the person was asked for a consent, or gave it, after this message was written.

    The message came late. It ends everything older than itself, and what is newer stands.
    """
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
        any_question_waits,
        something_allowed,
        came_by_form,
        came_by_call,
        came_on_paper,
        came_by_sale,
        came_from_records,
        number_is_hidden,
        types_the_code,
        types_a_code,
        has_attempts_left,
        already_stopped,
        chat_is_held,
        staff_answers_here,
        overtaken,
    )
}

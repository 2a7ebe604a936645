"""Answers to our questions: typed, quoting or under a button; which of them count, and for which question.

Consent follows only from an answer to a question that had reached the person (GDPR Art. 4(11), 7(1)).
"""

from ..consent.evidence import Kind, Seen
from ..consent.lifecycle import Status
from ..words.intents import Intent, Match
from . import language, staff_chat
from .fallback import is_hosts, unclaimed
from .guards import answers_the_pending_request
from .navigation import DialogueTurn
from .questions import ask, ask_again, ask_anew, ask_for_a_tap, say_again
from .triggers import Trigger
from .turn import Turn

MOST_LOOKS_AGAIN = 6
"""How often a yes is reconsidered while it is unknown whether WhatsApp took the question; then we ask again."""


def quoted(turn: Turn) -> str | None:
    """Return which of our questions the message quotes."""
    message = turn.inbound.quoted
    asked = [(attempt.message, attempt.question) for attempt in turn.session.asked]
    asked += [(message or "", fact.question) for fact in turn.recorded if fact.seen is Seen.QUOTE]
    return next((question for asking, question in asked if message and asking == message), None)


def asked_in(turn: DialogueTurn, question: str | None) -> str | None:
    """Return the language of what waits for a yes or no, or can at least be answered with no.

    `question` is the question that the message quotes.
    """
    pending = turn.record.pending
    if pending is not None and (question == pending.question or turn.is_at_question):
        return pending.locale
    may_answer = any(turn.knows(answer) for answer in (Trigger.YES, Trigger.NO))
    return turn.locale if may_answer else None


def answered(turn: DialogueTurn, answer: str) -> None:
    """Take an answer where the dialogue expects it."""
    if not turn.fire(answer):
        return unclaimed(turn, ours=True)
    turn.session.unclear = 0
    return None


def answered_question(turn: DialogueTurn, answer: str, by: Seen) -> None:
    """A button under a question, or an answer quoting it, answers that question and no other."""
    question, pending = turn.argument, turn.record.pending
    if answer == "yes" and by is Seen.BUTTON and (turn.is_no_answer or _quotes_other(turn, question)):
        return unclaimed(turn, ours=True)
    turn.named, turn.named_by = question, by
    if pending is not None and pending.question == question:
        turn.go_to(turn.flows.question)
        return answered(turn, answer)
    agreed = _agreed_by(turn, question)
    if agreed and answer == "no":  # to a question already answered with yes: a change of mind
        turn.argument = agreed
        return turn.open(Intent.MY_CHOICES, Trigger.WITHDRAW_ONE)
    if agreed in turn.record.given:
        return ask(turn)
    wished = answer == "yes" and ask_anew(turn, wished=True)
    return None if wished else unclaimed(turn, ours=True)


def answered_doubt(turn: DialogueTurn) -> None:
    """A button under the question whether to stop ends the pause that this question began, but no later pause."""
    doubts = turn.doubts
    if doubts and turn.argument not in doubts:
        return unclaimed(turn, ours=True)
    if doubts:
        turn.go_to(turn.flows.doubt)
    return answered(turn, Trigger.KEEP)


def typed_yes(turn: DialogueTurn) -> None:
    """A plain yes answers the pending question if the question had reached the person (GDPR Art. 4(11), 7(1)).

    A yes that quotes an unknown message answers that message, perhaps an older question: WhatsApp keeps delivering
    for weeks. But that message may be the pending question itself if we do not know yet which message asked it.
    """
    pending = turn.record.pending
    if not is_plain(turn):
        return unclaimed(turn)
    if pending is None or not answers_the_pending_request(turn):
        return unclaimed(turn, ours=True)
    if not turn.inbound.quoted and turn.reached(pending).seen:
        return answered(turn, Intent.YES)
    on_its_way = any(attempt.question == pending.question and not attempt.is_taken for attempt in turn.session.asked)
    if on_its_way and turn.inbound.postponed < MOST_LOOKS_AGAIN and not turn.recorded:
        turn.postponed = True
        return None
    if turn.inbound.quoted:
        return unclaimed(turn)
    ask_again(turn)
    return None


def is_plain(turn: Turn) -> bool:
    """Whether a typed yes says nothing else, as it must for consent to follow."""
    pending = turn.record.pending
    return pending is None or turn.world.keywords.assent.is_plain(turn.answer, pending.locale)


def foreign_yes(turn: DialogueTurn) -> bool:
    """A yes in a language other than the question's agrees to nothing, but it reveals a language."""
    match = turn.world.keywords.yes_elsewhere(turn.typed)
    if match is None:
        return False
    if turn.position == turn.flows.doubt:
        turn.rule = match.rule
        return turn.fire(Trigger.YES)
    return language.correct_guess(turn, match) and ask_again(turn)


def unasked(turn: DialogueTurn, answer: Intent) -> None:
    """An answer while nothing waits. The host's bot may have asked; otherwise a no may be a withdrawal.

    A yes agrees to nothing; where a consent has ended, it is a wish to be asked.
    """
    if is_hosts(turn):
        return unclaimed(turn)
    if answer is Intent.NO and turn.record.given:
        return turn.open(Intent.MAYBE_STOP)
    if answer is Intent.YES and ask_anew(turn, wished=True):
        return None
    return unclaimed(turn, ours=True)


def are_for_staff(turn: DialogueTurn) -> bool:
    """Whether a plain yes or no may be meant for the staff: a conversation goes on, and no dialogue waits for the word.

    The question for a consent may wait: the staff may have asked something since, which is not known here, and consent
    follows only from an unambiguous answer (GDPR Art. 4(11)): a tap, or a reply that quotes the question. The question
    whether to stop is answered if it was the last thing said.
    """
    if not staff_chat.goes_on(turn) or turn.knows(Trigger.TYPED):
        return False
    if _was_an_answer(turn):
        return False
    if turn.is_at_question:
        return True
    if turn.position == turn.flows.doubt:
        return not turn.session.last_text
    return staff_chat.is_open(turn) and not (turn.knows(Intent.YES) or turn.knows(Intent.NO))


def are_for_host(turn: DialogueTurn) -> bool:
    """Whether a plain yes or no may be meant for the host's bot: a question of ours waits, but the bot spoke last.

    Consent follows only from an unambiguous answer (GDPR Art. 4(11)): a tap, or a reply that quotes the question.
    """
    if turn.session.last_text or not is_hosts(turn):
        return False
    if _was_an_answer(turn):
        return False
    return turn.is_at_question


def answered_to_host(turn: DialogueTurn, match: Match) -> None:
    """Hand a plain yes or no over; a refusal in more words than a no may be a withdrawal."""
    if match.intent is Intent.NO and turn.record.given and not turn.world.keywords.is_bare_no(turn.typed, match):
        return turn.open(Intent.MAYBE_STOP)
    return unclaimed(turn)


def answered_to_staff(turn: DialogueTurn, match: Match) -> None:
    """Take a plain yes or no in a conversation with the staff as meant for them.

    If a question of ours waits and we spoke last, the answer may have been meant for it: a tap would tell. A refusal in
    more words than a no may be a withdrawal, as it may be without a question; whatever allows less is safe.
    """
    last_said, is_open = turn.session.last_text, staff_chat.is_open(turn)
    if is_open:
        staff_chat.pass_on_unheard(turn)
    if turn.position == turn.flows.doubt:
        return answered(turn, Intent.YES) if match.intent is Intent.YES else say_again(turn, turn.flows.doubt)
    if match.intent is Intent.NO and not turn.world.keywords.is_bare_no(turn.typed, match):
        if turn.is_at_question and (last_said or not turn.record.given):
            return answered(turn, Intent.NO)
        if turn.record.given:
            return turn.open(Intent.MAYBE_STOP)
    if turn.is_at_question and (last_said or not is_open):
        ask_for_a_tap(turn)
    return None


def _was_an_answer(turn: Turn) -> bool:
    """Whether the message answered a question when it was processed before a crash."""
    return any(fact.kind in (Kind.GIVEN, Kind.REFUSED) for fact in turn.recorded)


def _quotes_other(turn: Turn, question: str) -> bool:
    """Whether a tap was on a message other than those known to have asked this question."""
    messages = [attempt.message for attempt in turn.session.asked if attempt.question == question]
    return bool(turn.inbound.quoted and messages and all(messages)) and turn.inbound.quoted not in messages


def _agreed_by(turn: Turn, question: str) -> str:
    """Return the purpose that a yes to this question agreed to, whether it stands or has ended by itself."""
    for purpose, consent in turn.record.consents.items():
        stands = consent.status not in (Status.WITHDRAWN, Status.REFUSED)
        if consent.question == question and stands and turn.world.business.purpose(purpose) is not None:
            return purpose
    return ""

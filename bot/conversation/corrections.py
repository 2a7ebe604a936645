"""Messages that were edited or deleted: what followed from the words that are gone is taken back.

An edited or deleted answer no longer counts; a withdrawal still does. A correction never gives consent.
"""

from ..consent.evidence import Fact, Kind
from ..consent.lifecycle import Status
from ..messages.inbound import Correction
from ..words.intents import Intent
from . import language, staff_chat
from .fallback import unclaimed
from .navigation import DialogueTurn
from .questions import ask_first, ask_for_a_tap
from .triggers import Trigger
from .turn import Turn
from .withdrawals import heard, obey

_REMEMBERED = 8
"""How many corrections that arrive before their message are remembered: webhooks come in any order."""


def corrected(turn: DialogueTurn, correction: Correction) -> None:
    """Take back the words that are gone, and obey a withdrawal in the new words.

    After a yes that comes this way, the question is asked again.
    """
    staff_chat.pass_on_correction(turn)
    withdrawal = heard(turn)
    if withdrawal is not None and withdrawal.intent is Intent.STOP:
        return obey(turn, withdrawal)
    take_words_back(turn, correction)
    if withdrawal is not None and (turn.record.given or not turn.replies):
        return obey(turn, withdrawal)
    answered = any(fact.kind in (Kind.GIVEN, Kind.REFUSED) for fact in correction.led_to)
    pending = None if answered else turn.record.pending
    if pending is None or _means(turn, pending.locale) is None:
        return None
    return ask_for_a_tap(turn) if staff_chat.goes_on(turn) else unclaimed(turn, ours=True)


def take_words_back(turn: DialogueTurn, correction: Correction) -> None:
    """Take back what followed from the words that are gone; remember the message if nothing did."""
    if not correction.led_to:
        _remember(turn, correction)
    for fact in correction.led_to:
        _undo(turn, correction, fact)


def _remember(turn: Turn, correction: Correction) -> None:
    """Remember that a message was corrected: it may come later, or be changed back."""
    if correction.original:
        tokens = (*turn.session.corrected, turn.token(correction.original))
        turn.session.corrected = tuple(dict.fromkeys(tokens))[-_REMEMBERED:]


def _undo(turn: DialogueTurn, correction: Correction, fact: Fact) -> None:
    """Take back a fact that followed from the words that were corrected."""
    consent, now = turn.record.consent(fact.purpose), _means(turn, fact.locale)
    if turn.inbound.overheard and (fact.kind is not Kind.GIVEN or now is Intent.YES):
        return  # nothing can be asked there
    match fact.kind:
        case Kind.GIVEN if now is not Intent.YES and consent.question == fact.question:
            if consent.status is Status.GIVEN or consent.ended:
                turn.rule, turn.argument = correction.kind, fact.purpose
                turn.open(Intent.STOP, Trigger.TAKEN_BACK)
                _remember(turn, correction)
        case Kind.GIVEN if now is Intent.YES and turn.token(correction.original) in turn.session.corrected:
            if consent.question == fact.question and consent.status is Status.WITHDRAWN:
                ask_first(turn, fact.purpose)
        case Kind.REFUSED if now is Intent.YES and consent.status is Status.REFUSED:
            ask_first(turn, fact.purpose)
        case Kind.KEPT if now is not Intent.NO and turn.record.given and not turn.record.paused:
            turn.rule = correction.kind
            turn.open(Intent.MAYBE_STOP)


def _means(turn: Turn, asked_in: str) -> Intent | None:
    """Return YES or NO if that is plainly what the message would answer to a question in the given language."""
    match = language.meaning(turn, asked_in) if turn.answer else None
    if match is None or match.intent not in (Intent.YES, Intent.NO):
        return None
    plain = match.intent is Intent.NO or turn.world.keywords.assent.is_plain(turn.answer, asked_in)
    return match.intent if plain else None

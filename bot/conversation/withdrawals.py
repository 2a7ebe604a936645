"""Withdrawals in the person's words: whether there is one, and what it ends.

A clear withdrawal is obeyed before anything else; in doubt, everything pauses and the person is asked.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..words.intents import Intent, Match
from ..words.normalise import exact, loose
from . import first_contact, language, staff_chat
from .fallback import unclaimed
from .navigation import DialogueTurn
from .triggers import Trigger
from .turn import Turn

WITHDRAWALS = frozenset({Intent.STOP, Intent.MAYBE_STOP})
"""Intents that count even in a caption or in the label of a host's button."""


def obey(turn: DialogueTurn, match: Match) -> None:
    """End what a withdrawal names, or everything; ask in case of doubt. Somebody else's words name nothing."""
    if not turn.inbound.forwarded and (named := _named_purposes(turn, match)):
        turn.argument = " ".join(named)
        return turn.open(Intent.MY_CHOICES, Trigger.WITHDRAW_ONE)
    return turn.open(match.intent)


def obey_typed(turn: DialogueTurn, match: Match) -> None:
    """Obey a typed withdrawal, or ask back; a longer message first counts as the text asked for, if any."""
    if not match.bare and turn.fire(Trigger.TYPED):
        obey(turn, match)
    else:
        _obey_or_pass_on(turn, match)


def heard(turn: DialogueTurn) -> Match | None:
    """Return STOP or MAYBE_STOP if that is what the message says.

    A forwarded withdrawal may be somebody else's: nothing that needs consent is sent until the person clarifies.
    """
    match = language.meaning(turn) if turn.answer else None
    language.settle(turn, match)
    if match is None or match.intent not in WITHDRAWALS:
        return None
    turn.rule = match.rule
    return replace(match, intent=Intent.MAYBE_STOP) if turn.inbound.forwarded else match


def obey_heard(turn: DialogueTurn) -> bool:
    """Obey a withdrawal in a message in which nothing else counts; return whether there was one."""
    match = heard(turn)
    if match is not None:
        _obey_or_pass_on(turn, match)
    return match is not None


def _obey_or_pass_on(turn: DialogueTurn, match: Match) -> None:
    """Obey a withdrawal; in a conversation with the staff they get what is in doubt as well.

    Where nothing can be stopped, a doubtful word ("cancel my order") is about something else.
    """
    if match.intent is Intent.MAYBE_STOP and staff_chat.is_open(turn):
        staff_chat.pass_on_unheard(turn)
    elif match.intent is Intent.MAYBE_STOP and not turn.record.is_stoppable and not first_contact.is_stranger(turn):
        return unclaimed(turn)
    return obey(turn, match)


def _named_purposes(turn: Turn, match: Match) -> Sequence[str]:
    """Return the purposes that the message ends; none if it means all of them or is in doubt.

    "Stop offers" ends marketing; "stop order updates" ends the purpose with that title.
    """
    titled = _titled(turn)
    if titled:
        return _some_of(turn, titled)
    if match.intent is not Intent.STOP or not match.offers:
        return ()
    purposes = turn.world.business.purposes
    return _some_of(turn, [purpose.id for purpose in purposes if purpose.category == "marketing"])


def _titled(turn: Turn) -> Sequence[str]:
    """Return the purpose whose title the message stops: without the title it would stop everything."""
    for locale in {turn.locale, turn.world.texts.source_locale}:
        for purpose, (title, _) in turn.world.language(locale).purposes.items():
            before, found, after = f" {turn.typed.loose} ".partition(f" {loose(exact(title))} ")
            if found and turn.world.keywords.stops(before, after, locale):
                return [purpose]
    return ()


def _some_of(turn: Turn, purposes: Sequence[str]) -> Sequence[str]:
    """Return `purposes` if the person also gets, or is asked about, others."""
    record = turn.record
    others = {*record.standing, *([record.pending.purpose] if record.pending else ())} - set(purposes)
    return purposes if others else ()

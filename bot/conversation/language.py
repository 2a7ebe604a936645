"""Which language a person speaks: their choice, else what they typed, else their country's, else they are asked.

All of it follows from the session and the message: a step repeated after a crash finds the same language.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..i18n.locale import also_spoken, guess
from ..messages.inbound import Text
from ..words.detect import LEAST_WORDS, sure_language
from ..words.intents import Intent, Match
from ..words.keywords import base
from ..words.normalise import Typed
from .guards import nothing_recorded
from .navigation import DialogueTurn
from .questions import ask_again
from .triggers import Trigger
from .turn import Turn
from .world import World

MOST_READINGS = 2
"""How often the language follows a sentence: the first one, and one more that corrects it. Then a word or a choice is
needed, so that somebody who mixes languages is not answered in a new one each time."""


def prepare(world: World) -> None:
    """Build what the first typed message would otherwise wait for, some seconds: names of languages, and the model."""
    offered = world.texts.offered
    world.keywords.languages_named(Typed("", "", ""), offered)
    sure_language(" ".join(LEAST_WORDS * ["-a"]), offered)


def choose(turn: DialogueTurn, locale: str) -> None:
    """Speak the language that the person chose, and say in it what they are asked."""
    turn.argument = locale
    turn.open(Intent.LANGUAGE, Trigger.SET_LANGUAGE)
    if not ask_again(turn) and nothing_recorded(turn) and turn.world.asks_first != "when_asked":
        turn.open(Intent.START)


def meaning(turn: Turn, asked_in: str | None = None) -> Match | None:
    """Return what the message means in the languages that the person may speak, to a question in `asked_in`."""
    return turn.world.keywords.classify(turn.typed, asked_in=asked_in, spoken=_plausible(turn))


def named(turn: Turn) -> str | None:
    """Return the language that was asked for by name, in any language: "Deutsch", "English please", "po polsku"."""
    texts = turn.world.texts
    codes = turn.world.keywords.languages_named(turn.typed, texts.offered, turn.locale, texts.source_locale)
    return _nearest(turn, codes)


def settle(turn: Turn, match: Match | None) -> None:
    """Learn the language from what was typed, or else from the person's country.

    A word settles it; a sentence makes a guess that comes before the country's. A country with several official
    languages settles nothing; nor does an English word where another language is spoken, since English commands are
    typed everywhere.
    """
    session, source = turn.session, turn.world.texts.source_locale
    if session.locale and not session.guessed:
        return
    typed = _typed(turn, match)
    written = _written(turn) if typed is None else None
    if session.locale:
        if typed is not None and typed != source:
            session.locale, session.guessed = typed, False
        elif written is not None and _is_news(turn, written):
            _take(turn, written)
        return
    likely = _of_the_country(turn)
    if typed is not None and not (typed == source and likely):
        session.locale = typed
    elif written is not None:
        _take(turn, written)
    elif match is not None and (common := _spoken_here(turn, match)):
        session.locale, session.guessed = common, True
    elif len(likely) == 1:
        session.locale, session.guessed = likely[0], True
    elif session.last_text == "language.ask":
        session.locale, session.guessed = (likely[0] if likely else turn.world.business.default_locale), True
    else:
        turn.likely = likely


def correct_guess(turn: Turn, match: Match) -> bool:
    """Take the language of a word that does not fit the guessed one; return whether the question is to be asked in it.

    That is also so if the language changed already, by a sentence, and the question still waits in the old one.
    """
    session, pending = turn.session, turn.record.pending
    typed = _typed(turn, match) or _spoken_here(turn, match)
    if typed is None:
        return False
    if typed == session.locale:
        return pending is not None and pending.locale != typed
    if not session.guessed:
        return False
    session.locale, session.guessed = typed, False
    return True


def _take(turn: Turn, written: str) -> None:
    """Speak the language of a sentence, until there is something surer."""
    turn.session.locale, turn.session.guessed = written, True
    turn.session.read += 1


def _is_news(turn: Turn, written: str) -> bool:
    """Whether a sentence says more about the person's language than is known.

    An English sentence outweighs the country, since its writer surely reads English, and only perhaps the country's
    language. It outweighs no sentence in another language: people write English to businesses abroad.
    """
    session = turn.session
    if session.read and written == turn.world.texts.source_locale:
        return False
    return not session.read or base(written) != base(session.locale)


def _written(turn: Turn) -> str | None:
    """Return the language of a sentence that the person wrote themselves, where that is sure.

    After `MOST_READINGS` nothing is read: it would change nothing.
    """
    if turn.session.read >= MOST_READINGS or not isinstance(turn.inbound.content, Text) or turn.is_no_answer:
        return None
    offered = turn.world.texts.offered
    language = sure_language(turn.answer, offered)
    return _nearest(turn, _variants(offered).get(language, ())) if language else None


def _plausible(turn: Turn) -> tuple[str, ...]:
    """Return the languages that the person may speak: the session's, or the country's."""
    return (turn.session.locale,) if turn.session.locale else _of_the_country(turn)


def _typed(turn: Turn, match: Match | None) -> str | None:
    """Return the language that has the word, if no other has it."""
    if match is None:
        return None
    variants = _variants(turn.world.texts.offered)
    having = match.languages & variants.keys()
    return _nearest(turn, variants[next(iter(having))]) if len(having) == 1 else None


def _spoken_here(turn: Turn, match: Match) -> str | None:
    """Return the language of the person's country that has the word, if others that have it are not spoken there.

    A word that English has, too, tells nothing where English is foreign: "hello" is French as well, but not Belgian.
    """
    country = dict.fromkeys((*_of_the_country(turn), *_minorities(turn)))
    source = base(turn.world.texts.source_locale)
    if source in match.languages and source not in map(base, country):
        return None
    having = {base(code): code for code in reversed(country) if base(code) in match.languages}
    return next(iter(having.values())) if len(having) == 1 else None


def _nearest(turn: Turn, codes: Sequence[str]) -> str | None:
    """Return the best of several variants of a language: the current, the country's, else the first."""
    if len(codes) < 2:
        return codes[0] if codes else None
    return next(code for code in (turn.session.locale, *_of_the_country(turn), *codes) if code in codes)


def _of_the_country(turn: Turn) -> tuple[str, ...]:
    sender = turn.inbound.sender
    return guess(sender.phone, sender.bsuid, turn.world.texts.offered)


def _minorities(turn: Turn) -> tuple[str, ...]:
    sender = turn.inbound.sender
    return also_spoken(sender.phone, sender.bsuid, turn.world.texts.offered)


@lru_cache
def _variants(offered: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """Return language → its offered locales."""
    variants: dict[str, list[str]] = {}
    for code in offered:
        variants.setdefault(base(code), []).append(code)
    return variants

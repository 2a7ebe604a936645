"""Which language a person speaks: their choice, else what they typed, else their country's, else they are asked."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..i18n.cldr import babel_locale
from ..i18n.locale import guess
from ..words.intents import Intent, Match
from ..words.keywords import base
from ..words.normalise import exact, loose
from .guards import nothing_recorded
from .navigation import DialogueTurn
from .questions import ask_again
from .triggers import Trigger
from .turn import Turn


def choose(turn: DialogueTurn, locale: str) -> None:
    """Speak the language that the person chose, and say in it what they are asked."""
    turn.argument = locale
    turn.open(Intent.LANGUAGE, Trigger.SET_LANGUAGE)
    if not ask_again(turn) and nothing_recorded(turn):
        turn.open(Intent.START)


def meaning(turn: Turn, asked_in: str | None = None) -> Match | None:
    """Return what the message means in the languages that the person may speak, to a question in `asked_in`."""
    return turn.world.keywords.classify(turn.typed, asked_in=asked_in, spoken=_plausible(turn))


def named(turn: Turn) -> str | None:
    """Return the language whose name was typed: in that language, in English, or in the current language."""
    texts = turn.world.texts
    names = _names(texts.offered, turn.locale, texts.source_locale)
    return _nearest(turn, names.get(turn.typed.loose, ()))


def settle(turn: Turn, match: Match | None) -> None:
    """Learn the language from what was typed, or else from the person's country.

    A country with several official languages settles nothing; nor does an English word where another language is
    spoken, since English commands are typed everywhere.
    """
    session, source = turn.session, turn.world.texts.source_locale
    if session.locale and not session.guessed:
        return
    typed = _typed(turn, match)
    if session.locale:
        if typed is not None and typed != source:
            session.locale, session.guessed = typed, False
        return
    likely = _of_the_country(turn)
    if typed is not None and not (typed == source and likely):
        session.locale = typed
    elif len(likely) == 1:
        session.locale, session.guessed = likely[0], True
    elif session.last_text == "language.ask":
        session.locale, session.guessed = (likely[0] if likely else turn.world.business.default_locale), True
    else:
        turn.likely = likely


def correct_guess(turn: Turn, match: Match) -> bool:
    """Switch to the language of a word that does not fit the guessed language; return whether that happened."""
    typed = _typed(turn, match)
    if typed is None or typed == turn.session.locale or not turn.session.guessed:
        return False
    turn.session.locale, turn.session.guessed = typed, False
    return True


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


def _nearest(turn: Turn, codes: Sequence[str]) -> str | None:
    """Return the best of several variants of a language: the current, the country's, else the first."""
    if len(codes) < 2:
        return codes[0] if codes else None
    return next(code for code in (turn.session.locale, *_of_the_country(turn), *codes) if code in codes)


def _of_the_country(turn: Turn) -> tuple[str, ...]:
    sender = turn.inbound.sender
    return guess(sender.phone, sender.bsuid, turn.world.texts.offered)


@lru_cache
def _variants(offered: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """Return language → its offered locales."""
    variants: dict[str, list[str]] = {}
    for code in offered:
        variants.setdefault(base(code), []).append(code)
    return variants


@lru_cache
def _names(offered: tuple[str, ...], *others: str) -> Mapping[str, tuple[str, ...]]:
    """Return name → languages: each under its own name and its names in some others, with and without country."""
    found: dict[str, dict[str, None]] = {}
    for code in offered:
        for variant in (code, base(code)):
            for other in (code, *others):
                name = babel_locale(variant).get_display_name(babel_locale(other)) or variant
                found.setdefault(loose(exact(name)), {})[code] = None
    return {name: tuple(codes) for name, codes in found.items()}

"""Which language a person speaks: their choice, else what they typed, else their country's, else they are asked."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..i18n.cldr import babel_locale
from ..i18n.locale import guess
from ..words.intents import Match
from ..words.keywords import base
from ..words.normalise import exact, loose
from .turn import Turn
from .world import World


class LanguageChoice:
    """Settles the language of a session, message by message."""

    def __init__(self, world: World) -> None:
        self._offered = world.texts.offered
        self._variants: dict[str, list[str]] = {}
        """Language → its offered locales."""
        for code in self._offered:
            self._variants.setdefault(base(code), []).append(code)
        self._source = world.texts.source_locale
        self._default = world.business.default_locale

    def named(self, turn: Turn) -> str | None:
        """Return the language whose name was typed: in that language, in English, or in the current language."""
        names = _names(self._offered, turn.locale, self._source)
        return self._nearest(turn, names.get(turn.typed.loose, ()))

    def settle(self, turn: Turn, match: Match | None) -> None:
        """Learn the language from what was typed, or else from the person's country.

        A country with several official languages settles nothing; nor does an English word where another language is
        spoken, since English commands are typed everywhere.
        """
        session = turn.session
        if session.locale and not session.guessed:
            return
        typed = self._typed(turn, match)
        if session.locale:
            if typed is not None and typed != self._source:
                session.locale, session.guessed = typed, False
            return
        likely = self._of_the_country(turn)
        if typed is not None and not (typed == self._source and likely):
            session.locale = typed
        elif len(likely) == 1:
            session.locale, session.guessed = likely[0], True
        elif session.last_text == "language.ask":
            session.locale, session.guessed = (likely[0] if likely else self._default), True
        else:
            turn.likely = likely

    def plausible(self, turn: Turn) -> tuple[str, ...]:
        """Return the languages that the person may speak: the session's, or the country's."""
        return (turn.session.locale,) if turn.session.locale else self._of_the_country(turn)

    def corrected(self, turn: Turn, match: Match) -> bool:
        """Switch to the language of a word that does not fit the guessed language; return whether that happened."""
        typed = self._typed(turn, match)
        if typed is None or typed == turn.session.locale or not turn.session.guessed:
            return False
        turn.session.locale, turn.session.guessed = typed, False
        return True

    def _typed(self, turn: Turn, match: Match | None) -> str | None:
        """Return the language that has the word, if no other has it."""
        having = match.languages & self._variants.keys() if match else ()
        return self._nearest(turn, self._variants[next(iter(having))]) if len(having) == 1 else None

    def _nearest(self, turn: Turn, codes: Sequence[str]) -> str | None:
        """Return the best of several variants of a language: the current, the country's, else the first."""
        if len(codes) < 2:
            return codes[0] if codes else None
        return next(code for code in (turn.session.locale, *self._of_the_country(turn), *codes) if code in codes)

    def _of_the_country(self, turn: Turn) -> tuple[str, ...]:
        sender = turn.inbound.sender
        return guess(sender.phone, sender.bsuid, self._offered)


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

"""Which language a person speaks: what they chose, else what they typed, else their country's, else they are asked."""

from bot.conversation.intents import Match
from bot.conversation.normalise import exact
from bot.conversation.turn import Turn
from bot.conversation.world import World, babel_locale
from bot.i18n.locale import guess


class Spoken:
    """Settles the language of a session, word by word."""

    def __init__(self, world: World) -> None:
        self._offered = world.texts.offered
        self._source = world.texts.source_locale
        self._default = world.business.default_locale
        self._names = _names(self._offered)

    def named(self, text: str) -> str | None:
        """Return the language whose name `text` is."""
        return self._names.get(exact(text))

    def settle(self, turn: Turn, match: Match | None) -> None:
        """Learn the language from what was typed, or else from the person's country.

        A country with several official languages tells none; nor does an English word where another language is
        spoken, for English commands are typed everywhere.
        """
        session = turn.session
        if session.locale and not session.guessed:
            return
        typed = self._typed(match)
        if session.locale:
            if typed not in (None, self._source):
                session.locale, session.guessed = str(typed), False
            return
        likely = guess(turn.inbound.sender.phone, turn.inbound.sender.bsuid, self._offered)
        if typed is not None and not (typed == self._source and likely):
            session.locale = typed
        elif len(likely) == 1:
            session.locale, session.guessed = likely[0], True
        elif session.last_text == "language.ask":
            session.locale, session.guessed = (likely[0] if likely else self._default), True
        else:
            turn.likely = likely

    def corrected(self, turn: Turn, match: Match) -> bool:
        """Take the language of a word that does not fit the one guessed; whether there was such."""
        typed = self._typed(match)
        if typed is None or typed == turn.session.locale or not turn.session.guessed:
            return False
        turn.session.locale, turn.session.guessed = typed, False
        return True

    def _typed(self, match: Match | None) -> str | None:
        """Return the one offered language that has the word."""
        if match is None:
            return None
        having = [code for code in self._offered if code.split("-")[0] in match.languages]
        return having[0] if len(having) == 1 else None


def _names(offered: tuple[str, ...]) -> dict[str, str]:
    """Return the names of the offered languages, in each of them, in the form in which typed text is looked up."""
    return {
        exact(name): code
        for code in offered
        for other in offered
        if (name := babel_locale(code).get_display_name(babel_locale(other)))
    }

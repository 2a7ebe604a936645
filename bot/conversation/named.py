"""The purposes that a withdrawal names, if it names only some of those that a person gets."""

from collections.abc import Sequence

from ..words.intents import Intent, Match
from ..words.normalise import exact, loose
from .turn import Turn


def named_purposes(turn: Turn, match: Match) -> Sequence[str]:
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
    languages = [turn.world.language(locale) for locale in {turn.locale, turn.world.texts.source_locale}]
    for language in languages:
        for purpose, (title, _) in language.purposes.items():
            before, found, after = f" {turn.typed.loose} ".partition(f" {loose(exact(title))} ")
            if found and turn.world.keywords.stops(before, after, language.locale):
                return [purpose]
    return ()


def _some_of(turn: Turn, purposes: Sequence[str]) -> Sequence[str]:
    """Return `purposes` if the person also gets, or is asked about, others."""
    record = turn.record
    others = {*record.given, *([record.pending.purpose] if record.pending else ())} - set(purposes)
    return purposes if others else ()

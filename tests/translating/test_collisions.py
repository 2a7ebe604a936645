"""The map of words that mean different things in different languages."""

from bot.paths import LOCALES
from bot.translating.collisions import collisions, page
from bot.words.keywords import UNIVERSAL, Stop, Vocabulary, WordList
from tests.words.vocabulary import VOCABULARIES

GREEK = Vocabulary(yes=WordList(words=("ne",)), stop=Stop(common=("telos",)))
CZECH = Vocabulary(no=WordList(words=("né",)), stop=Stop(common=("dost",)))
DANISH = Vocabulary(polite=("ne",), stop=Stop(common=("dost",)))
SMALL = {UNIVERSAL: Vocabulary(), "el": GREEK, "cs": CZECH, "da": DANISH}


def test_a_word_collides_when_its_lists_differ() -> None:
    assert collisions(SMALL) == {"ne": {"yes": {"el"}, "no": {"cs"}, "polite": {"da"}}}


def test_the_page_shows_which_meaning_wins() -> None:
    assert page(SMALL).splitlines()[-1] == (
        "| ne | no: cs; polite: da; yes: el | *nothing* | *nothing*: da; no: cs; yes: el |"
    )


def test_the_page_in_docs_is_what_the_command_would_write() -> None:
    written = (LOCALES.parent / "docs" / "collisions.md").read_text("utf-8")
    assert written == page(VOCABULARIES), "run `python -m bot i18n collisions`"

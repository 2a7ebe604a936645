"""How sure the language of a sentence is, measured by what customers write: `sentences.toml`."""

import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from bot.i18n.locale import negotiate
from bot.words.detect import sure_language
from bot.words.keywords import base
from tests.conversation.worlds import WORLD

OFFERED = WORLD.texts.offered
CORPUS = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8"))
WRITTEN = [(base(code), text) for code, texts in CORPUS["sentences"].items() for text in texts]


def test_every_offered_language_is_measured() -> None:
    assert CORPUS["sentences"].keys() == set(OFFERED)
    assert all(len(texts) >= 15 for texts in CORPUS["sentences"].values())


def test_no_language_is_taken_for_another() -> None:
    found = [(language, text, sure_language(text, OFFERED)) for language, text in WRITTEN]
    wrong = [case for case in found if case[2] not in (None, case[0])]
    assert len(wrong) <= 0.005 * len(found), wrong


def test_most_sentences_tell_their_language() -> None:
    told = Counter(language for language, text in WRITTEN if sure_language(text, OFFERED) == language)
    written = Counter(language for language, _ in WRITTEN)
    assert told.total() >= 0.88 * written.total()
    weak = {language for language, count in written.items() if told[language] < 0.6 * count}
    assert weak <= {"hr", "sl"}, "short Croatian and Slovenian sentences may also be Serbian or each other"
    assert all(told[language] >= 0.3 * written[language] for language in weak)


@pytest.mark.parametrize(("kind", "most"), [("others", 0.03), ("nothing", 0.04)])
def test_languages_that_are_not_offered_and_mere_words_are_left_open(kind: str, most: float) -> None:
    texts = [text for group in CORPUS[kind].values() for text in group]
    taken = [(text, found) for text in texts if (found := sure_language(text, OFFERED))]
    assert len(taken) <= most * len(texts), taken


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bonjour, je voudrais commander des fleurs", "fr"),
        ("BONJOUR JE VOUDRAIS COMMANDER DES FLEURS", "fr"),
        ("je voudrais commander https://example.com/the-best-flowers-of-the-town 1234", "fr"),
        ("commander fleurs", None),
        ("do you have red roses", "en"),
        ("have red roses", None),
        ("1234 5678 @you #me 99", None),
        ("", None),
        ("\ud83d\ude00\x00 \u200f", None),
        ("je voudrais commander des fleurs " * 300, "fr"),
    ],
)
def test_a_sentence_is_sure_and_a_word_is_not(text: str, found: str | None) -> None:
    assert sure_language(text, OFFERED) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Šta preporučujete za godišnjicu?", None),
        ("Narudžba još nije stigla", "hr"),
        ("Potrebujem venec za pogreb jutri", "sl"),
        ("Пожалуйста отмените мой заказ", "ru"),
        ("Necessito una corona per demà", "ca"),
        ("что šta", None),
    ],
)
def test_neighbours_are_told_apart_by_what_only_one_of_them_has(text: str, found: str | None) -> None:
    assert sure_language(text, OFFERED) == found


def test_only_offered_languages_are_found() -> None:
    text = "jeg har ikke fått noen faktura på pakken min"
    assert sure_language(text, OFFERED) is None
    assert sure_language(text, (*OFFERED, "nb")) == "nb"
    assert sure_language("Bonjour, je voudrais commander des fleurs", ("en", "de")) is None


def test_a_language_that_the_model_does_not_know_hinders_nothing() -> None:
    assert sure_language("Bonjour, je voudrais commander des fleurs", ("fr", "tlh")) == "fr"


def test_the_varieties_of_portuguese_are_one_language_here() -> None:
    assert sure_language("queria encomendar umas flores para amanhã", ("pt-BR", "pt-PT")) == "pt"
    assert negotiate("pt", OFFERED) == "pt-PT"


def test_the_model_is_loaded_only_when_a_sentence_is_read() -> None:
    program = (
        "import sys\n"
        "import bot.conversation.dialogue\n"
        "from bot.words.detect import sure_language\n"
        "assert sure_language('hi', ('en', 'fr')) is None\n"
        "assert 'numpy' not in sys.modules\n"
        "assert sure_language('je voudrais commander des fleurs', ('en', 'fr')) == 'fr'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])

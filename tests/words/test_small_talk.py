"""Small talk is a message of its own, and a courtesy beside anything else."""

import pytest

from bot.words.intents import Intent
from bot.words.keywords import TALK, UNIVERSAL, Vocabulary, WordList
from bot.words.small_talk import SmallTalk
from tests.words.vocabulary import KEYWORDS, LANGUAGES, VOCABULARIES, heard

SMALL = SmallTalk(
    {
        UNIVERSAL: Vocabulary(vague=("ok",)),
        "en": Vocabulary(
            polite=("please", "thanks"),
            thanks=WordList(words=("thanks", "thank you", "ok thanks", "thanks a lot")),
            bye=WordList(words=("bye", "take care")),
            hello=WordList(words=("hi",)),
        ),
        "it": Vocabulary(hello=WordList(words=("ciao",))),
        "de": Vocabulary(bye=WordList(words=("ciao", "bye"))),
    }
)


def said(text: str, *spoken: str) -> tuple[str, list[str]] | None:
    found = SMALL.find(text, frozenset(spoken))
    return (found.intent.value, sorted(found.languages)) if found else None


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("thanks", ("thanks", ["en"])),
        ("ok thank you", ("thanks", ["en"])),
        ("ok thanks a lot", ("thanks", ["en"])),
        ("hi ok thanks take care", ("bye", ["en"])),
        ("bye", ("bye", ["de", "en"])),
        ("ok please", None),
        ("thanks for nothing", None),
        ("thank", None),
        ("hi " * 13, None),
        ("", None),
    ],
)
def test_it_must_be_the_whole_message_and_the_most_telling_part_counts(
    text: str, meaning: tuple[str, list[str]] | None
) -> None:
    assert said(text) == meaning


def test_a_word_of_several_meanings_has_that_of_the_persons_language() -> None:
    assert said("ciao", "it") == ("hello", ["it"])
    assert said("ciao", "de") == ("bye", ["de"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("intent", TALK)
def test_every_word_means_it_to_its_speakers_and_answers_nothing(language: str, intent: Intent) -> None:
    wrong = []
    for word in VOCABULARIES[language].word_list(intent).every():
        free = KEYWORDS.classify(word, asked_in=None, spoken=(language,))
        asked = KEYWORDS.classify(word, asked_in=language, spoken=(language,))
        if free is None or free.intent is not intent or asked is None or asked.intent is not intent:
            wrong.append((word, free and free.rule, asked and asked.rule))
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("thanks, STOP", "stop"),
        ("hello, human please", "human"),
        ("bye, delete my data", "delete"),
        ("danke nein", "no"),
    ],
)
def test_beside_anything_else_it_is_a_courtesy(text: str, meaning: str) -> None:
    assert heard(text, "de") == meaning


def test_danish_thanks_are_polands_yes_only_to_a_polish_question() -> None:
    assert heard("tak", "pl") == "yes"
    match = KEYWORDS.classify("tak", asked_in=None, spoken=("da",))
    assert match is not None
    assert match.intent is Intent.THANKS


@pytest.mark.parametrize(("text", "spoken"), [("hvalaa", "hr"), ("paldiess", "lv"), ("hvalaaa puno", "hr")])
def test_drawn_out_thanks_are_thanks(text: str, spoken: str) -> None:
    assert heard(text, spoken) == "thanks"


def test_no_single_letter_is_small_talk() -> None:
    """French "a+" would make one of any "a": signs are not read."""
    letters = {chr(code) for code in range(0x250) if chr(code).isalpha()}
    assert {letter for letter in letters if heard(letter) in list(TALK)} == set()

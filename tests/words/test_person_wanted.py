"""Calls for a person in any wording: the rules on a few words, and the shipped words on what people write."""

import tomllib

import pytest

from bot.paths import LOCALES
from bot.translating.phrases import path_of, read
from bot.words.intents import Keywords
from bot.words.keywords import UNIVERSAL, Stop, Vocabulary
from bot.words.role_words import PersonWords
from tests.words.vocabulary import KEYWORDS, LANGUAGES
from tests.words.word_lists import FOLDER

WORDS = Keywords(
    {
        UNIVERSAL: Vocabulary(stop=Stop(common=("STOP",))),
        "en": Vocabulary(
            polite=("please",),
            person=PersonWords(
                who=("human*", "agent"),
                someone=("someone", "person"),
                reach=("talk", "connect"),
                call=("call me",),
                want=("want", "get me"),
                robot=("bot", "bots"),
                being=("are you", "am i talking to"),
                small=("a", "an", "the", "to", "i", "me", "with", "can", "no", "not"),
                deny=("no", "not", "don't"),
                story=("who", "my", "said"),
            ),
        ),
    }
)


def heard(text: str) -> str | None:
    match = WORDS.classify(text, asked_in=None, spoken=("en",))
    return match.rule if match else None


@pytest.mark.parametrize(
    "text",
    [
        "human!!!",
        "a human please",
        "please call me",
        "connect me with an agent",
        "I want a human",
        "I want to talk to someone about the roses that came broken",
        "talk to someone who knows",
        "No bots! I want an agent",
        "not a bot, a human please",
        "can someone call me",
        "My roses came broken. Get me a human.",
        "talk right now to someone",
    ],
)
def test_a_verb_and_a_person_together_call_for_a_person(text: str) -> None:
    assert heard(text) == "human:en:composed"


@pytest.mark.parametrize(
    "text",
    [
        "someone",
        "I want roses for a human",
        "the person who can connect roses",
        "my agent said talk",
        "I don't want to talk to a human",
        "not a human",
        "human, roses are lovely",
        "bot",
        "roses are red to many a human",
    ],
)
def test_stories_denials_and_mentions_call_for_nobody(text: str) -> None:
    assert heard(text) is None


@pytest.mark.parametrize(
    "text", ["are you a human?", "am I talking to someone?", "are you a bot", "are you a bot, please"]
)
def test_whoever_asks_what_writes_asks_for_a_robot(text: str) -> None:
    assert heard(text) == "robot:en:composed"


def test_a_withdrawal_wins_over_it() -> None:
    assert str(heard("STOP! I want to talk to a human")).startswith("stop:")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_dozen_wordings_and_mentions_that_are_none(language: str) -> None:
    """That each means what it must is for `tests/translating/test_phrases.py`; here, that the roles decide it."""
    composed = {
        phrase
        for phrase, meaning, _ in read(path_of(LOCALES, language)).every()
        if meaning == "human"
        and (match := KEYWORDS.classify(phrase, asked_in=None, spoken=(language,)))
        and match.how == "composed"
    }
    assert len(composed) >= 11


def test_nobody_who_writes_about_stopping_is_taken_for_calling_a_person() -> None:
    """The sentences of `tests/data/words` are by writers who had not seen the words."""
    taken = [
        f"{path.stem}: {sentence}"
        for path in sorted(FOLDER.glob("*.toml"))
        for sentences in tomllib.loads(path.read_text("utf-8")).values()
        for sentence in sentences
        if (match := KEYWORDS.classify(sentence, asked_in=None, spoken=(path.stem,))) and match.how == "composed"
    ]
    assert taken == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_heard_in_every_language_whatever_the_person_speaks(language: str) -> None:
    phrase = next(iter(read(path_of(LOCALES, language)).any_time.model_dump()["human"]))
    match = KEYWORDS.classify(phrase, asked_in=None, spoken=("xx",))
    assert match is not None
    assert match.intent.value == "human"


@pytest.mark.parametrize(
    ("text", "spoken"), [("я человек, который любит розы", "ru"), ("som človek, ktorý miluje ruže", "sk")]
)
def test_whoever_tells_of_themselves_calls_for_nobody(text: str, spoken: str) -> None:
    assert KEYWORDS.classify(text, asked_in=None, spoken=(spoken,)) is None

"""Where a writer pauses, and where a comma only opens a clause: "I don't want, that you write" is one statement."""

import pytest

from bot.words.intents import Keywords
from bot.words.keywords import UNIVERSAL, Stop, Vocabulary
from bot.words.role_words import RefusalWords
from bot.words.statements import joined, parts

WORDS = Keywords(
    {
        UNIVERSAL: Vocabulary(),
        "cs": Vocabulary(
            stop=Stop(strong=("odhlásit",)),
            refusal=RefusalWords(
                negation=("ne",),
                unwanted=("nechci",),
                want=("chci",),
                stop=("přestali",),
                contact=("psali", "psát"),
                unsubscribe=("odhlás*",),
                me=("mi", "mě"),
                that=("abyste",),
                filler=("už", "vám"),
            ),
        ),
    }
)


def heard(text: str) -> str | None:
    match = WORDS.classify(text, asked_in=None, spoken=("cs",))
    return match.intent.value if match else None


@pytest.mark.parametrize("text", ["Nechci, abyste mi psali", "nechci abyste mi psali", "Už nechci, abyste mi psali!"])
def test_a_negated_wish_before_a_comma_negates_the_clause_after_it(text: str) -> None:
    assert heard(text) == "stop"


@pytest.mark.parametrize("text", ["Nechci, abyste mě odhlásili", "Nechci, abyste mi přestali psát"])
def test_a_negated_wish_before_a_comma_reverses_a_withdrawal_after_it(text: str) -> None:
    assert heard(text) == "maybe_stop"


@pytest.mark.parametrize("text", ["Ne, chci odhlásit", "Nechci. Abyste mi psali"])
def test_other_pauses_still_separate_statements(text: str) -> None:
    assert heard(text) != "maybe_stop"


def test_a_part_is_joined_to_the_previous_one_only_within_a_sentence() -> None:
    text = "no, that one. that two, that three"
    found = joined(parts(text, 7), lambda index: text.replace(",", "").replace(".", "").split()[index] == "that")
    assert [(part.start, part.end) for part in found] == [(0, 3), (3, 7)]

"""Where a writer pauses, and where a comma only opens a clause: "I don't want, that you write" is one statement."""

import pytest

from bot.words.intents import Keywords
from bot.words.keywords import UNIVERSAL, Refusal, Stop, Vocabulary
from bot.words.statements import joined, parts

WORDS = Keywords(
    {
        UNIVERSAL: Vocabulary(),
        "cs": Vocabulary(
            stop=Stop(strong=("odhlásit",)),
            refusal=Refusal(
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
def test_a_wish_denied_before_the_comma_refuses_what_stands_after_it(text: str) -> None:
    assert heard(text) == "stop"


@pytest.mark.parametrize("text", ["Nechci, abyste mě odhlásili", "Nechci, abyste mi přestali psát"])
def test_a_wish_denied_before_the_comma_turns_a_withdrawal_after_it_round(text: str) -> None:
    assert heard(text) == "maybe_stop"


@pytest.mark.parametrize("text", ["Ne, chci odhlásit", "Nechci. Abyste mi psali"])
def test_other_pauses_still_part_what_they_stand_between(text: str) -> None:
    assert heard(text) != "maybe_stop"


def test_only_a_part_inside_its_sentence_is_put_to_the_one_before() -> None:
    text = "no, that one. that two, that three"
    found = joined(parts(text, 7), lambda place: text.replace(",", "").replace(".", "").split()[place] == "that")
    assert [(part.start, part.end) for part in found] == [(0, 3), (3, 7)]

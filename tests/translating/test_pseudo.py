import pytest

from bot.i18n.faults import errors
from bot.i18n.slot import Slot, TextKind, TextTemplate, length
from bot.translating.pseudo import ARABIC, ENGLISH, catalogs, tight
from tests.i18n.made import ASK, FOOTER, SLOTS


@pytest.mark.parametrize("code", [ENGLISH, ARABIC])
@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: slot.id)
def test_every_text_is_bracketed_and_could_be_sent(code: str, slot: Slot) -> None:
    english, made = catalogs(SLOTS)[code][slot.id]
    assert english == slot.english
    assert made.startswith("[")
    assert made.endswith("]")
    assert made != slot.english
    assert errors(slot, made) == []


def test_placeholders_marks_and_addresses_stay() -> None:
    made = catalogs([ASK])[ENGLISH]["opt_in.ask"][1]
    assert "*{business}*" in made
    assert "https://shop.example/privacy" in made
    assert TextTemplate.parse(made).names == {"business", "yes_word"}


def test_texts_grow_by_a_third_where_there_is_room() -> None:
    made = catalogs([ASK])[ENGLISH]["opt_in.ask"][1]
    finished, english = (TextTemplate.parse(text).fill(ASK.examples) for text in (made, ASK.english))
    assert length(english) * 1.3 < length(finished) < length(english) * 1.45


def test_texts_never_grow_over_their_limit() -> None:
    button = Slot("a.b", TextKind.BUTTON, "Seventeen letters")
    assert length(catalogs([button])[ENGLISH]["a.b"][1]) <= 20


def test_the_arabic_pseudo_language_runs_from_right_to_left() -> None:
    made = catalogs([FOOTER])[ARABIC]["common.footer"][1]
    assert "رعبلي {stop_word}" in made


def test_english_texts_without_room_to_grow_are_reported() -> None:
    button = Slot("a.b", TextKind.BUTTON, "Seventeen letters")
    assert tight([button, FOOTER]) == [(button, 3)]

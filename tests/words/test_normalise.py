"""What keyboards and fonts do is undone; what distinguishes words is kept."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.normalise import drawn_out, emoji, exact, loose, skeletons, squeeze, typed

FORMS = [
    ("STOP", "stop", "stop"),
    ("*STOP*", "stop", "stop"),
    ("_~STOP~_", "stop", "stop"),
    ("  stop \n stop ", "stop stop", "stop stop"),
    ("STOP 🛑", "stop", "stop"),
    ("S.T.O.P", "s t o p", "s t o p"),
    ("ＳＴＯＰ。", "stop", "stop"),
    ("𝐒𝐓𝐎𝐏", "stop", "stop"),
    ("ⓈⓉⓄⓅ", "stop", "stop"),
    ("S\u200bTOP", "stop", "stop"),
    ("ST\u00adOP", "stop", "stop"),
    ("\u200fSTOP\u200f", "stop", "stop"),
    ("\u2067STOP\u2069", "stop", "stop"),
    ("ST\u200dOP", "st\u200dop", "stop"),
    ("S\u0336T\u0336O\u0336P\u0336", "s\u0336t\u0336o\u0336p\u0336", "stop"),
    ("ARRÊT", "arrêt", "arret"),
    ("ARRE\u0302T", "arrêt", "arret"),
    ("KÜNDIGEN", "kündigen", "kundigen"),
    ("Straße", "strasse", "strasse"),
    ("Don't", "don t", "don t"),
    ("Don’t", "don t", "don t"),
    ("Donʼt", "don t", "don t"),
    ("İPTAL", "i̇ptal", "iptal"),
    ("ıptal", "ıptal", "iptal"),
    ("IPTAL", "iptal", "iptal"),
    ("ΤΕΛΟΣ", "τελοσ", "τελοσ"),
    ("τέλος", "τέλοσ", "τελοσ"),
    ("ΔΙΑΚΟΠΉ!", "διακοπή", "διακοπη"),
    ("oprește", "oprește", "opreste"),
    ("opreşte", "opreşte", "opreste"),
    ("Łódź", "łódź", "lodz"),
    ("ĦASSAR", "ħassar", "hassar"),
    ("FRAMELD Æ Ø Å", "frameld æ ø å", "frameld ae o a"),
    ("إيقاف", "إيقاف", "ايقاف"),
    ("ايقـاف", "ايقـاف", "ايقاف"),
    ("إِيقَافٌ", "إِيقَافٌ", "ايقاف"),
    ("مساعدة", "مساعدة", "مساعده"),
    ("הָסֵר", "הָסֵר", "הסר"),
    ("ОТПИСКА.", "отписка", "отписка"),
    ("1️⃣", "1", "1"),
    ("١٢٣", "١٢٣", "123"),
]


@pytest.mark.parametrize(("typed", "form", "plain"), FORMS)
def test_typed_text_has_an_exact_and_a_loose_form(typed: str, form: str, plain: str) -> None:
    assert exact(typed) == form
    assert loose(form) == plain


@pytest.mark.parametrize("word", ["रोकें", "हां", "ยกเลิก", "বন্ধ", "நிறுத்து"])
def test_marks_that_are_letters_of_their_own_are_kept(word: str) -> None:
    assert loose(exact(word)) == unicodedata.normalize("NFC", word)


@pytest.mark.parametrize("blank", ["", " ", "🛑", "👍🏽", "...", "\u200b", "\u3164", "\u2800", "\ufe0f", "❤️", "?!"])
def test_nothing_remains_of_a_message_without_letters(blank: str) -> None:
    assert exact(blank) == ""


def test_both_ends_of_an_overlong_text_are_kept() -> None:
    form = exact("\ufdfa" * 2000 + " stop")
    assert len(form) <= 2048
    assert form.startswith("صلى")
    assert form.endswith("stop")


@pytest.mark.parametrize(
    ("text", "signs"), [("🛑", ["🛑"]), ("Hi 👍🏽!", ["👍"]), ("⛔️🚫", ["⛔", "🚫"]), ("stop", [])]
)
def test_emoji_come_without_skin_tones_and_variation_selectors(text: str, signs: list[str]) -> None:
    assert emoji(text) == signs


@pytest.mark.parametrize(("word", "leaned"), [("stoooop", True), ("stopp", False), ("sstoopp", False), ("ooo", True)])
def test_a_letter_three_times_in_a_row_marks_a_drawn_out_word(word: str, leaned: bool) -> None:
    assert drawn_out(word) is leaned


@pytest.mark.parametrize(("word", "squeezed"), [("stoooop", "stop"), ("arret", "aret"), ("stop", "stop")])
def test_runs_of_a_letter_become_one(word: str, squeezed: str) -> None:
    assert squeeze(word) == squeezed


@pytest.mark.parametrize(
    ("word", "seen"),
    [("стор", "ctop"), ("стор", "stop"), ("ѕтор", "stop"), ("stοp", "stop"), ("ѕtοр", "stop"), ("soрt", "sopt")],
)
def test_letters_of_other_scripts_are_read_as_their_latin_lookalikes(word: str, seen: str) -> None:
    assert seen in skeletons(word)


def test_a_latin_word_has_no_lookalike_readings() -> None:
    assert skeletons("stop") == ()


@given(st.text())
def test_exact_applied_twice_changes_nothing(text: str) -> None:
    assert exact(exact(text)) == exact(text)


@given(st.text())
def test_loose_applied_twice_changes_nothing(text: str) -> None:
    plain = loose(exact(text))
    assert loose(exact(plain)) == plain


@given(st.text())
def test_words_are_separated_by_one_space(text: str) -> None:
    form = exact(text)
    assert form == " ".join(form.split())


@given(st.text(st.characters(max_codepoint=127)))
def test_the_ascii_shortcut_gives_the_same_result(text: str) -> None:
    assert exact(text) == exact(f"{text} é").removesuffix("é").rstrip()


@pytest.mark.parametrize("padding", [" ", "\u200b", "\n", "🛑", "👩‍👩‍👧‍👦", "\u0316", "\u3164", "_", ". "])
def test_no_amount_of_padding_hides_a_word(padding: str) -> None:
    assert "stop" in exact(padding * 2000 + " stop " + padding * 2000).split()


def test_an_overlong_text_is_cut_between_words() -> None:
    words = exact("stop " + "nonstop étape " * 400 + "stop").split()
    assert words[0] == words[-1] == "stop"
    assert set(words) == {"stop", "nonstop", "étape"}


def test_at_most_thirty_marks_on_a_letter_are_kept() -> None:
    assert exact("a" + "\u0316" * 4000) == exact("a" + "\u0316" * 30)


def test_marks_separated_by_joiners_are_limited_too() -> None:
    assert len(exact("a" + "\u0316\u200d\u0344" * 1000)) <= 31


@given(st.text())
def test_typed_returns_the_text_with_its_exact_and_loose_forms(text: str) -> None:
    assert typed(text) == (text, exact(text), loose(exact(text)))

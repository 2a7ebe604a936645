"""What may stand beside a yes, and that nothing else may."""

import sys
import unicodedata
from collections import defaultdict
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages.inbound import Text
from bot.testing import Conversation
from bot.words.intents import Intent
from tests.conversation.worlds import FLOWS, WORLD
from tests.words.vocabulary import KEYWORDS, LANGUAGES, VOCABULARIES

BLANKS = " \t\n\r\u00a0\u2009\u202f\u3000"
BEFORE = frozenset(BLANKS + "👍✅✔✓☑👌🙏🤝🙂😊😀😃😄😁❤¡")
AFTER = frozenset(BLANKS + ".!。．！" + "👍✅✔✓☑👌🙏🤝🙂😊😀😃😄😁❤")
POINTS = {"ar": frozenset("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670\u0640"),
          "he": frozenset(map(chr, [*range(0x5B0, 0x5BD), 0x5C1, 0x5C2]))}  # fmt: skip
SMILES = {"ru": frozenset(")）"), "uk": frozenset(")）")}
APOSTROPHES = frozenset("'’´`＇｀")
"""After a letter with an accent, in its place or beside it."""

SIGNS = [
    sign
    for sign in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(sign)[0] != "L" and unicodedata.category(sign) not in ("Cn", "Co", "Cs")
]
"""Every character of Unicode that is no letter."""


@cache
def lookalikes() -> dict[str, list[str]]:
    """Return letter → what unfolds to it (NFKC), but no other spelling, case or full width of the same letter."""
    found: dict[str, list[str]] = defaultdict(list)
    for sign in map(chr, range(0x80, sys.maxunicode + 1)):
        letter = unicodedata.normalize("NFKC", sign)
        spelt = unicodedata.normalize("NFC", sign).lower()
        if len(letter) == 1 and letter.isalpha() and spelt != letter.lower() and not "\uff01" <= sign <= "\uff5e":
            found[letter.lower()].append(sign)
    return found


def words(language: str) -> list[str]:
    return list(dict.fromkeys([*VOCABULARIES[language].word_list(Intent.YES).every(), "YES"]))


def plain(text: str, language: str) -> bool:
    match = KEYWORDS.classify(text, asked_in=language)
    return match is not None and match.intent is Intent.YES and KEYWORDS.assent.is_plain(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_listed_signs_may_stand_beside_a_yes(language: str) -> None:
    """Every character of Unicode that is no letter, before, after and inside the word that is printed."""
    assent, word = KEYWORDS.assent, words(language)[0]
    before = BEFORE
    after = AFTER | POINTS.get(language, frozenset()) | SMILES.get(language, frozenset())
    if unicodedata.normalize("NFD", word[-1]) != word[-1]:
        after |= APOSTROPHES
    assert {sign for sign in SIGNS if assent.is_plain(sign + word, language)} == before
    accents = {sign for sign in SIGNS if unicodedata.normalize("NFC", word + sign).lower() in words(language)}
    assert {sign for sign in SIGNS if assent.is_plain(word + sign, language)} - accents <= after | APOSTROPHES
    assert after - APOSTROPHES <= {sign for sign in [*SIGNS, "\u0640"] if assent.is_plain(word + sign, language)}
    for index in range(1, len(word)):
        inside = {sign for sign in SIGNS if assent.is_plain(word[:index] + sign + word[index:], language)}
        assert inside <= POINTS.get(language, frozenset()) | APOSTROPHES


@settings(max_examples=300, deadline=None)
@given(data=st.data(), language=st.sampled_from(LANGUAGES), sign=st.sampled_from(SIGNS))
def test_no_yes_phrase_in_any_language_allows_an_unlisted_sign(data: st.DataObject, language: str, sign: str) -> None:
    phrase = data.draw(st.sampled_from(words(language)))
    index = data.draw(st.integers(0, len(phrase)))
    text = phrase[:index] + sign + phrase[index:]
    listed = BEFORE | AFTER | POINTS.get(language, frozenset()) | SMILES.get(language, frozenset())
    inside = APOSTROPHES | frozenset(",，،‘ʼ-‐‑" + BLANKS)
    if plain(text, language):
        assert sign in listed | inside
        assert 0 < index < len(phrase) or sign in listed | APOSTROPHES


@pytest.mark.parametrize("language", LANGUAGES)
def test_lookalike_letters_are_not_a_yes(language: str) -> None:
    """No letter that merely unfolds to the one meant, as 𝐲, ʸ or Ⓨ do; full-width letters are typed on keyboards."""
    taken = [
        text
        for word in words(language)
        for index, letter in enumerate(word)
        for lookalike in lookalikes().get(letter.lower(), ())
        if KEYWORDS.assent.is_plain(text := word[:index] + lookalike + word[index + 1 :], language)
    ]
    assert taken == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plain_form_of_every_yes_counts(language: str) -> None:
    refused = [
        form
        for word in words(language)
        for form in (
            word,
            word.upper(),
            word.capitalize(),
            unicodedata.normalize("NFD", word),
            f"*{word}*",
            f"*{word}*!",
            f"_{word.upper()}_",
            *(f"{word}{end}" for end in ("!", "!!", ".", " !", "\n", " 👍", "👍🏽", " ❤️", " 🙏", " :)")),
            f" {word} ",
            f"👍 {word}",
        )
        if not KEYWORDS.assent.is_plain(form, language)
    ]
    assert refused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_yes_recognised_without_its_accents_counts_as_plain(language: str) -> None:
    bare = ["".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
            for word in words(language)]  # fmt: skip
    refused = [
        word
        for word in bare
        if (match := KEYWORDS.classify(word, asked_in=language))
        and match.intent is Intent.YES
        and not KEYWORDS.assent.is_plain(word, language)
    ]
    assert refused == []


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_a_typed_yes_button_label_counts(locale: str) -> None:
    label = WORLD.texts.render("common.yes", locale, {})
    assert plain(label, locale)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ＹＥＳ", "de"),
        ("ｙｅｓ！", "en"),
        ("YES。", "en"),
        ("SI'", "it"),
        ("sí", "it"),
        ("SÌ", "es"),
        ("¡Sí!", "es"),
        ("d’accord", "fr"),
        ("d accord", "fr"),
        ("Oui, merci", "fr"),
        ("Yes! I agree!", "en"),
        ("да))", "ru"),
        ("نَعَم", "ar"),
        ("نعـــم", "ar"),
        ("اوافق", "ar"),
        ("כֵּן", "he"),
        ("TABİİ Kİ", "tr"),
        ("sunt de acord", "ro"),
        ("bineînţeles", "ro"),
        ("ja, selvfoelgelig", "da"),
        ("ja, natuerlich", "de"),
    ],
)
def test_common_ways_to_type_a_yes_count(text: str, language: str) -> None:
    assert plain(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "~YES~", "Y̶E̶S̶", "y\u0338es", "> YES", ">YES", "YES ✗", "YES ✘", "YES ×", "YES 🤚", "YES ✋", "YES 🤦", "YES 🙃",
        "YES 🔕", "¬yes", "!yes", "-yes", "- yes", "• yes", "1. yes", "yes﹖", "yes⸮", "yes՞", "¿yes", "yes?", "yes;",
        "yes/no", "yes-no", "yes|no", "(yes)", "[yes]", '"yes"', "'yes'", "“yes”", "«yes»", "`yes`", "```yes```",
        "yes...", "yes..", "yes…", "yes . .", "yes...!", "yes... ok", "yes。。",
        "yes,", "yes:", "yes…?", "*yes", "yes*", "_yes*", "y*e*s", "y.e.s", "y e s", "y-e-s", "𝐲𝐞𝐬", "ʸᵉˢ", "Ⓨⓔⓢ",
        "🇾🇪🇸",
        "уes", "yеs", "yeѕ", "yeſ", "ye\u200bs", "y\u200des", "yes\u200b", "\u202eyes", "\u202dyes", "\u200fyes",
        "yes\ufeff",
        "\u2066yes\u2069", "yes\ufe0f", "yes\u20e3", "yes 😉", "yes 🤞", "yes 🙄", "yes ;)", "yes :(", "yes)",
        "yes 🏳", "yes 0",
        "yes ❤️‍🔥", "yes 👎", "yes 👍👎", "yes\x00", "yes\x08", "yés", "yes 100", "yes" + "!" * 300,
    ],
)  # fmt: skip
def test_a_yes_with_anything_unlisted_is_not_counted_and_asked_again(text: str) -> None:
    """Through the dialogue: never counted, and the question is said again."""
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello")
    talk.receives(Text(text))
    assert talk.session.record.given == ()
    assert talk.said in (["opt_in.clarify"], ["opt_in.ask"])


def test_a_yes_that_is_not_plain_still_confirms_a_stop() -> None:
    """Stopping is read generously: asked whether they want to stop, a person need not be clear."""
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").taps("yes").says("🛑")
    assert talk.said == ["maybe_stop.ask"]
    talk.taps("stop") if talk.session.record.pending else talk.says("(yes)")
    assert talk.session.record.given == ()

"""How the language is settled, where transcripts (`tests/conversations/language`) say too little."""

import pytest

from bot.testing import Conversation
from tests.conversation.worlds import FLOWS, WORLD


def spoken_by(phone: str | None, *texts: str, bsuid: str | None = None) -> str:
    talk = Conversation(WORLD, FLOWS, phone=phone, bsuid=bsuid)
    for text in texts:
        talk.says(text)
    return talk.session.locale


@pytest.mark.parametrize(
    ("phone", "text", "expected"),
    [
        ("+4915112345678", "xyzzy", "de"),
        ("+5511961234567", "xyzzy", "pt-BR"),
        ("+351912345678", "xyzzy", "pt-PT"),
        ("+41791234567", "xyzzy", ""),
        ("+819012345678", "xyzzy", ""),
        ("+4915112345678", "aide", "fr"),
        ("+4915112345678", "HELP", "de"),
        ("+16505551234", "hilfe", "de"),
        ("+819012345678", "privacy policy", "en"),
        ("+5511961234567", "ajuda", "pt-BR"),
        ("+819012345678", "português", "pt-PT"),
        ("+5511961234567", "português", "pt-BR"),
        ("+5511961234567", "Português (Portugal)", "pt-PT"),
        ("+819012345678", "ελληνικα", "el"),
        ("+819012345678", "German", "de"),
        ("+4915112345678", "französisch", "de"),  # its name in German, before anything German was said
    ],
)
def test_the_language_follows_from_the_word_or_the_country(phone: str, text: str, expected: str) -> None:
    assert spoken_by(phone, text) == expected


def test_a_hidden_number_gets_the_language_of_its_bsuid_country() -> None:
    assert spoken_by(None, "xyzzy", bsuid="AT.1a2b3c") == "de"


def test_words_of_another_language_do_not_override_a_chosen_language() -> None:
    assert spoken_by("+4915112345678", "Deutsch", "aide", "arrêt") == "de"


def test_a_word_of_another_language_overrides_a_guessed_language() -> None:
    assert spoken_by("+4915112345678", "xyzzy", "aide") == "fr"


def test_an_english_word_does_not_override_a_guessed_language() -> None:
    assert spoken_by("+4915112345678", "xyzzy", "START", "what can you do") == "de"


def test_the_language_list_has_at_most_ten_with_the_likely_ones_first() -> None:
    talk = Conversation(WORLD, FLOWS, phone="+41791234567").says("xyzzy")
    assert talk.choices[:3] == ["locale:de", "locale:fr", "locale:it"]
    assert len(talk.choices) == min(10, len(WORLD.texts.offered))

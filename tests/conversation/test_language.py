"""How the language is settled, where transcripts (`tests/conversations/language`) say too little."""

import pytest

from bot.conversation.dialogue import Dialogue
from bot.messages.inbound import Inbound, MessageId, Sender, Text
from bot.testing import Conversation
from bot.words.intents import Intent
from bot.words.keywords import base
from bot.words.normalise import typed
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
        ("+4915112345678", "französisch", "fr"),  # its name in German, before anything German was said
        ("+447912345678", "Bonjour, je voudrais commander des fleurs", "fr"),
        ("+4915112345678", "do you have red roses for tomorrow", "en"),
        ("+41791234567", "vorrei ordinare dei fiori per domani", "it"),
        ("+819012345678", "quisiera encargar unas flores", "es"),
        ("+5511961234567", "queria encomendar umas flores", "pt-BR"),
        ("+351912345678", "queria encomendar umas flores", "pt-PT"),
        ("+447912345678", "queria encomendar umas flores", "pt-PT"),
        ("+41791234567", "ja", "de"),  # also Danish, Dutch, Swedish …, which are not spoken there
        ("+380671234567", "xyzzy", "uk"),
        ("+37120123456", "xyzzy", "lv"),
        ("+37120123456", "хочу заказать цветы на завтра", "ru"),
        ("+34612345678", "m'agradaria encarregar unes flors", "ca"),
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


def test_a_sentence_corrects_a_guess_twice_at_most() -> None:
    french, german, italian = (
        "je voudrais commander des fleurs",
        "ich möchte gern Blumen bestellen",
        "vorrei ordinare dei fiori per domani",
    )
    assert spoken_by("+447912345678", "xyzzy", french) == "fr"
    assert spoken_by("+447912345678", french, german) == "de"
    assert spoken_by("+447912345678", french, german, italian, french) == "de"


def test_an_english_sentence_outweighs_the_country_but_no_other_sentence() -> None:
    english, german = "do you have red roses for tomorrow", "ich möchte gern rote Rosen für morgen"
    assert spoken_by("+4915112345678", "xyzzy", english) == "en"
    assert spoken_by("+4915112345678", english, german) == "de"
    assert spoken_by("+4915112345678", german, english) == "de"


def test_no_sentence_overrides_a_chosen_language() -> None:
    sentence = "vorrei ordinare dei fiori per domani"
    assert spoken_by("+447912345678", "auf Deutsch", sentence) == "de"
    assert spoken_by("+447912345678", "xyzzy", "oui", sentence) == "fr"
    talk = Conversation(WORLD, FLOWS, phone="+41791234567").says("xyzzy").taps("locale:fr").says(sentence)
    assert talk.session.locale == "fr"


def test_only_what_the_person_wrote_tells_their_language() -> None:
    sentence = "je voudrais commander des fleurs"
    talk = Conversation(WORLD, FLOWS, phone="+447912345678")
    talk.forwards(sentence).sends_picture(sentence)
    assert talk.session.locale in ("", "en")
    assert talk.says(sentence).session.locale == "fr"


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_a_yes_in_another_language_asks_once_in_it_and_only_the_next_yes_counts(locale: str) -> None:
    """Where several languages share the word, such as "ja", it tells none of them."""
    yes = WORLD.keywords.shown(Intent.YES, locale)
    speakers = WORLD.keywords.yes_elsewhere(typed(yes))
    assert speakers is not None
    shared = len(speakers.languages) != 1
    guessed = "+4915112345678" if base(locale) != "de" else "+33612345678"
    talk = Conversation(WORLD, FLOWS, phone=guessed).says("xyzzy")
    asked = talk.session.record.pending
    assert asked is not None
    talk.says(yes)
    if base(locale) == "en":
        assert talk.session.record.given, "YES works everywhere"
    elif shared and not talk.session.record.given:
        assert talk.session.record.pending == asked
    elif not shared:
        pending = talk.session.record.pending
        assert pending is not None
        assert base(pending.locale) == base(locale)
        assert not talk.session.record.given
        assert talk.says(yes).session.record.given


def test_a_yes_tells_the_language_also_after_a_sentence_did() -> None:
    """The guess from a sentence is corrected by a clear yes, as the guess from a country is."""
    talk = Conversation(WORLD, FLOWS, phone="+447912345678").says("je voudrais commander des fleurs").says("sì")
    assert talk.session.record.given == ()
    talk = Conversation(WORLD, FLOWS, phone="+447912345678").says("je voudrais commander des fleurs").says("igen")
    assert (talk.session.locale, talk.session.record.given) == ("hu", ())
    assert talk.says("igen").session.record.given


def test_the_language_of_the_waiting_question_decides_which_yes_counts() -> None:
    """The person's language changed by a sentence; what waits is still asked in English."""
    talk = Conversation(WORLD, FLOWS, phone="+447912345678").says("xyzzy").says("je voudrais commander des fleurs")
    pending = talk.session.record.pending
    assert pending is not None
    if pending.locale == "en":
        assert not talk.says("oui").session.record.given
    assert talk.says("oui").session.record.given


def test_a_repeated_step_finds_the_same_language() -> None:
    talk = Conversation(WORLD, FLOWS, phone="+447912345678").says("xyzzy")
    before, dialogue = talk.session, Dialogue(WORLD, FLOWS)
    sender = Sender(phone="+447912345678")
    message = Inbound(MessageId("wamid.1"), sender, before.last_at + 60, Text("je voudrais commander des fleurs"))
    first = dialogue.step(before, message, message.at)
    again = dialogue.step(before, message, message.at + 60, list(first.entries))
    assert (first.session.locale, first.session.read) == (again.session.locale, again.session.read) == ("fr", 1)


COUNTRIES = [
    ("CH", "de fr it"),
    ("BE", "nl fr de"),
    ("CA", "en fr"),
    ("LU", "fr de"),
    ("FI", "fi sv"),
    ("MT", "mt en"),
    ("IE", "en ga"),
    ("CY", "el tr"),
    ("IL", "he ar"),
]


@pytest.mark.parametrize(("country", "spoken"), COUNTRIES)
def test_a_country_with_several_languages_offers_these_as_buttons(country: str, spoken: str) -> None:
    talk = Conversation(WORLD, FLOWS, phone=None, bsuid=f"{country}.1a2b3c").says("xyzzy")
    assert [button.id for button in talk.replies[-1].buttons] == [f"locale:{code}" for code in spoken.split()]
    assert not talk.replies[-1].rows


@pytest.mark.parametrize("phone", ["+41791234567", "+819012345678", "+34612345678"])
def test_the_list_of_languages_is_complete_over_its_pages(phone: str) -> None:
    talk = Conversation(WORLD, FLOWS, phone=phone).says("LANGUAGE")
    found: list[str] = []
    while True:
        assert len(talk.choices) <= 10
        found += [choice for choice in talk.choices if choice.startswith("locale:")]
        if not talk.choices[-1].startswith("language:"):
            break
        talk.taps(talk.choices[-1])
    assert sorted(found) == sorted(f"locale:{code}" for code in WORLD.texts.offered)


def test_the_list_begins_with_the_country_and_goes_on_in_the_reader_s_script() -> None:
    talk = Conversation(WORLD, FLOWS, phone="+34612345678").says("LANGUAGE")
    assert talk.choices[:4] == ["locale:es", "locale:ca", "locale:cs", "locale:da"]
    talk = Conversation(WORLD, FLOWS, phone="+380671234567").says("LANGUAGE")
    assert talk.choices[:4] == ["locale:uk", "locale:ru", "locale:bg", "locale:ar"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("English please", "en"),
        ("auf Deutsch", "de"),
        ("po polsku prosím", "pl"),
        ("en français s'il vous plaît", "fr"),
        ("por favor en francés", "fr"),
        ("по-английски, пожалуйста", "en"),
        ("українською будь ласка", "uk"),
        ("Můžete česky?", "cs"),
        ("po slovensky", "sk"),
        ("slovenski", "sl"),
        ("eesti keeles", "et"),
        ("magyarul kérem", "hu"),
        ("suomeksi kiitos", "fi"),
        ("στα ελληνικά παρακαλώ", "el"),
        ("بالعربية من فضلك", "ar"),
        ("בעברית בבקשה", "he"),
        ("niemiecki", "de"),
        ("tysk", "de"),
        ("Bonjour, do you speak English?", "en"),
    ],
)
def test_a_language_is_asked_for_in_any_language_at_any_time(text: str, expected: str) -> None:
    assert spoken_by("+819012345678", text) == expected
    assert spoken_by("+819012345678", "xyzzy", "xyzzy", "Latviešu", text) == expected


@pytest.mark.parametrize("text", ["the English vase is broken", "danish pastry", "I want to polish it", "po", "in"])
def test_a_message_that_only_mentions_a_language_asks_for_none(text: str) -> None:
    assert spoken_by("+4915112345678", "auf Französisch", text) == "fr"

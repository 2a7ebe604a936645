"""What a translator can break, the check names, and the bot survives: the whole message is said in English."""

import shutil
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.pofile import read_po

from bot.app.load import load_world
from bot.business import load
from bot.conversation.compose import Composition, Option
from bot.conversation.flow_file import read
from bot.errors import FileError
from bot.i18n import catalogs
from bot.i18n.catalogs import languages
from bot.i18n.cldr import autonym
from bot.i18n.texts import Slot, Texts, length
from bot.paths import FLOWS, LOCALES
from bot.translating.check import soundness
from bot.translating.source_texts import source_texts


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    """A copy of the catalogs that are shipped, to break."""
    return Path(shutil.copytree(LOCALES, tmp_path / "locales", ignore=shutil.ignore_patterns("*.mo")))


def break_german(locales: Path, old: str, new: str) -> None:
    path = locales / "de" / "LC_MESSAGES" / "bot.po"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def slots() -> tuple[Slot, ...]:
    business = FLOWS / "business.toml"
    return source_texts(read(FLOWS), load(business), business).slots


def codes_found(locales: Path, slots: tuple[Slot, ...]) -> set[str]:
    return {finding.code for finding in soundness(locales, languages(locales)["de"], slots)}


def started(locales: Path, slots: tuple[Slot, ...]) -> Texts:
    """What a bot that starts with these catalogs says, in three languages."""
    return Texts(slots, {code: catalogs.read(locales, code) for code in ("de", "fr")})


WELCOME = "Vielen Dank! *{business}* darf Ihnen ab jetzt hier schreiben zu:"


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("Vielen Dank! Wir dürfen Ihnen ab jetzt hier schreiben zu:", "placeholder"),
        ("Vielen Dank! *{firma}* darf Ihnen ab jetzt hier schreiben zu:", "placeholder"),
        ("Vielen Dank! *{business* darf Ihnen ab jetzt hier schreiben zu:", "placeholder"),
        ("Vielen Dank! *{business}}* darf Ihnen ab jetzt hier schreiben zu:", "placeholder"),
        ("Vielen Dank! *{business.controller}* darf Ihnen ab jetzt hier schreiben zu:", "placeholder"),
        ("Vielen \u202eDank! *{business}* darf Ihnen ab jetzt hier schreiben zu:", "forbidden"),
        ("Vielen Dank! *{business} darf Ihnen ab jetzt hier schreiben zu:", "format"),
        ("Vielen Dank! *{business}* (https://evil.example) darf Ihnen ab jetzt hier schreiben zu:", "url"),
        ("Vielen, vielen" + ", vielen" * 200 + " Dank! *{business}* darf Ihnen ab jetzt hier schreiben zu:", "length"),
        ("Vielen Dank!\\n\\n*{business}* darf Ihnen ab jetzt hier schreiben zu:", "newline"),
    ],
)
def test_a_broken_text_is_reported_and_its_message_falls_back_to_english(
    locales: Path, slots: tuple[Slot, ...], broken: str, code: str
) -> None:
    break_german(locales, WELCOME, broken)
    assert codes_found(locales, slots) == {code}
    texts = started(locales, slots)
    welcome = Composition("opt_in.welcome")
    assert "de" in texts.offered
    assert welcome.language(texts, "de") == "en"
    values = {"business": "Haas", "purposes": "offers", "stop_word": "STOP", "choices_word": "CHOICES"}
    reply = welcome.reply(texts, "en", values)
    assert (reply.body[:10], reply.footer) == ("Thank you!", "Reply STOP to unsubscribe")
    assert Composition("opt_in.declined").language(texts, "de") == "de"


def test_an_overlong_button_makes_its_whole_message_fall_back_to_english(
    locales: Path, slots: tuple[Slot, ...]
) -> None:
    break_german(locales, 'msgstr "Meine Auswahl"', 'msgstr "Alles, was ich ausgewählt habe"')
    assert codes_found(locales, slots) == {"length"}
    texts = started(locales, slots)
    asked = Composition("help.help", [Option("my_choices", "common.my_choices")])
    assert asked.language(texts, "de") == "en"
    assert Composition("help.help").language(texts, "de") == "de"


def test_only_the_language_with_a_broken_legal_text_is_not_offered(locales: Path, slots: tuple[Slot, ...]) -> None:
    break_german(locales, 'msgstr "Mit {stop_word} melden Sie sich ab"', 'msgstr "Melden Sie sich ab"')
    texts = started(locales, slots)
    assert "de" not in texts.offered
    assert "fr" in texts.offered
    assert Composition("opt_in.ask").language(texts, "de") == "en"


def test_a_language_with_two_identical_consent_buttons_is_not_offered(locales: Path) -> None:
    """WhatsApp would refuse the question whose answer is the consent."""
    break_german(locales, 'msgid "No"\nmsgstr "Nein"', 'msgid "No"\nmsgstr "JA, ich stimme zu"')
    world, _ = load_world(locales=locales)
    assert "de" not in world.texts.offered
    assert world.texts.problems[0] == "common.no [de]: reads like common.yes, which stands beside it in one message"


def test_a_message_with_two_identical_other_buttons_falls_back_to_english(locales: Path) -> None:
    break_german(locales, 'msgstr "Meine Auswahl"', 'msgstr "Meine Rechte"')
    world, _ = load_world(locales=locales)
    options = [Option(name, f"common.{name}") for name in ("my_choices", "rights")]
    assert "de" in world.texts.offered
    assert Composition("help.help", options).language(world.texts, "de") == "en"


@pytest.mark.parametrize("broken", ["", "oops", 'msgid "', "\x00", None])
def test_only_the_language_with_an_unreadable_catalog_is_not_offered(locales: Path, broken: str | None) -> None:
    path = locales / "de" / "LC_MESSAGES" / "bot.po"
    path.unlink() if broken is None else path.write_text(broken)
    world, _ = load_world(locales=locales)
    assert "de" not in world.texts.offered
    assert {"en", "fr"} < set(world.texts.offered)
    assert "bot.po: can't be read" in world.texts.problems[0]
    with pytest.raises(FileError, match="i18n check de"):
        load_world(locales=locales, draft="de")


def test_a_percent_sign_breaks_nothing(locales: Path, slots: tuple[Slot, ...]) -> None:
    break_german(locales, "darf Ihnen ab jetzt hier schreiben", "darf Ihnen ab jetzt zu 100% %s hier schreiben")
    assert codes_found(locales, slots) == set()
    texts = started(locales, slots)
    assert Composition("opt_in.welcome").language(texts, "de") == "de"


def test_every_shipped_language_is_complete_and_offered_as_configured() -> None:
    world, _ = load_world()
    shipped = languages(LOCALES)
    assert set(world.texts.offered) == {code for code, language in shipped.items() if language.offered}
    assert world.texts.problems == []
    assert {code: world.texts.missing(code) for code in shipped if world.texts.missing(code)} == {}


@pytest.mark.parametrize("code", [code for code in languages(LOCALES) if code != "en"])
def test_the_notice_says_in_its_own_language_where_data_is_kept(code: str) -> None:
    world, _ = load_world()
    notice = world.texts.render("privacy.notice", code, world.language(code).values)
    assert "European Union" not in notice
    assert str(Locale.parse(code.replace("-", "_")).territories["EU"]) in notice


@pytest.mark.parametrize("code", languages(LOCALES))
def test_every_language_name_fits_a_list_row(code: str) -> None:
    assert length(autonym(code)) <= 24


@pytest.mark.parametrize("path", sorted(LOCALES.glob("*/LC_MESSAGES/bot.po")), ids=lambda path: path.parts[-3])
def test_babel_reads_every_shipped_catalog(path: Path) -> None:
    with path.open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    assert all(message.string for message in catalog)

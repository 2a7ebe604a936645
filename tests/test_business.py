"""A `business.toml` that can't be used is refused with the key and its cure."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.app.load import load_world
from bot.business import Notice, Purpose, load
from bot.errors import FileError
from bot.paths import FLOWS
from bot.quiet import WEEKDAYS, AtMost, QuietTimes, parse_hours
from bot.translating.source_texts import overlong

TEXT = (FLOWS / "business.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('title = "offers and news"', 'title = "Order updates"', "purposes: two purposes have the same title.*rename"),
        ('id = "offers"', 'id = "order_updates"', "purposes: two purposes have the same id; rename one"),
        ("[retention]", '[retention]\nsupression = "3d"', "retention.supression: unknown key"),
        ("[retention]", "[retention]\nsuppression = 3", "retention.suppression: not a duration"),
        (
            'valid_for = "365d"',
            'valid_for = "365d"\nrefresh_before = "183d"',
            "refresh_before is more than half of valid_for",
        ),
        ('timezone = "Europe/Berlin"', 'timezone = "Berlin"', "controller.timezone: not a time zone"),
        ('country = "DE" ', "", "controller.country: missing"),
        ('country = "DE" ', 'country = "Germany" ', "controller.country: .*two capital letters, e.g. DE"),
        ('name = "Blumen Haas"', 'name = ""', "controller.name: empty; fill it in"),
        ('title = "offers and news"', f'title = "{"a" * 25}"', "purposes.1.title: longer than 24 characters; shorten"),
        (
            'category = "marketing"',
            'category = "news"',
            "purposes.1.category: none of the known words; write 'marketing' or 'utility'",
        ),
        ('email = "privacy@', 'email = "privacy', "controller.email: not an e-mail address; write one"),
        ('id = "offers"', 'id = "Offers"', "purposes.1.id: not an id; write small letters, digits and _"),
        (
            "published = 2026-10-01",
            'published = "October"',
            "notices.0.published: not a date; write one without quotes, e.g. 2026-10-01",
        ),
        ('en = "https://', 'en = "ftp://', "notices.0.url.en: not a web address; write one that begins with https://"),
        ('places = ["EU"]', "places = []", "storage.places: empty; name at least one"),
        ('places = ["EU"]', 'places = "EU"', r'storage.places: not a list; write one, e.g. \["EU"\]'),
        ("[controller.dpo]", "[controller.x]", "controller.x: unknown key"),
        ('country = "DE" ', 'country = "XX" ', "country: no public holidays are known of 'XX'"),
        (
            'country = "DE" ',
            'region = "Bayern"\ncountry = "DE" ',
            "region: 'Bayern' is none of DE; there are: BB, .*BY",
        ),
        (
            'valid_for = "365d"',
            'valid_for = "365d"\nquiet_hours = "9pm-8am"',
            "purposes.1.quiet_hours: no hours of a day; write two times with a hyphen, e.g. '21:00-08:00'",
        ),
        (
            'valid_for = "365d"',
            'valid_for = "365d"\nquiet_hours = "08:00-08:00"',
            "purposes.1.quiet_hours: begin and end are the same; write two different times, or leave quiet_hours out",
        ),
        (
            'valid_for = "365d"',
            'valid_for = "365d"\nquiet_days = ["Sunday"]',
            "purposes.1.quiet_days.0: none of the known words; write 'monday', .*or 'sunday'",
        ),
        (
            'valid_for = "365d"',
            f'valid_for = "365d"\nquiet_days = {[*WEEKDAYS]}',
            "purposes.1: quiet_days names every day, so nothing could ever be sent; leave a day out",
        ),
        (
            'valid_for = "365d"',
            'valid_for = "365d"\nat_most = "2 a week"',
            "purposes.1.at_most: no cap; write a number of messages and at most 90 days, e.g. '2 per 7d'",
        ),
        (
            'legal_basis = "consent"\nvalid_for',
            'legal_basis = "interest"\nvalid_for',
            "purposes.1.legal_basis: none of the known words; write 'consent', 'soft_opt_in' or 'service'",
        ),
        (
            'legal_basis = "consent"\nvalid_for',
            'legal_basis = "soft_opt_in"\nvalid_for',
            r"purposes.1: legal_basis soft_opt_in is for marketing .*add \[purposes.soft_opt_in\] with product_family",
        ),
        (
            'valid_for = "365d"',
            'valid_for = "365d"\nsoft_opt_in.product_family = "flowers"',
            r"purposes.1: soft_opt_in is not the legal_basis; remove \[purposes.soft_opt_in\] or change legal_basis",
        ),
        (
            'legal_basis = "consent"\nvalid_for',
            'legal_basis = "soft_opt_in"\nsoft_opt_in.product_family = ""\nvalid_for',
            "purposes.1.soft_opt_in.product_family: empty; fill it in",
        ),
        (
            'legal_basis = "consent"\nvalid_for',
            'legal_basis = "service"\nvalid_for',
            'purposes.1: marketing is no service; set legal_basis = "consent" or category = "utility"',
        ),
        (
            'legal_basis = "consent"               #',
            'quiet_days = ["sunday"]\nlegal_basis = "service"               #',
            "purposes.0: service answers people, which nothing holds back; remove quiet_hours, quiet_days, at_most",
        ),
    ],
)
def test_a_wrong_business_file_is_refused_with_key_and_cure(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TEXT
    file = tmp_path / "business.toml"
    file.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(FileError, match=told):
        load(file)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('title = "offers and news"', 'title = "offers {news}"', "purposes.1.title: .*has a brace.*remove it"),
        ('title = "offers and news"', 'title = "offers }"', "purposes.1.title: .*has a brace"),
        ('description = "Now', 'description = "{Now', "purposes.1.description: .*has a brace"),
        ('title = "offers and news"', 'title = "offers\\nnews"', r"purposes.1.title: .*U\+000A \(line break\)"),
        ('title = "offers and news"', 'title = "offers\\tnews"', r"purposes.1.title: .*U\+0009 \(tab\)"),
        ('title = "offers and news"', 'title = "offers\\u202Enews"', r"purposes.1.title: .*U\+202E"),
        ('title = "offers and news"', 'title = "offers\\u200Bnews"', r"purposes.1.title: .*U\+200B.*invisible"),
        ('title = "offers and news"', 'title = " offers"', "purposes.1.title: .*begins or ends with a space"),
        ('title = "offers and news"', 'title = "offers    news"', "purposes.1.title: .*four spaces in a row"),
        ('title = "offers and news"', 'title = "💐💐💐💐💐💐💐💐💐💐💐💐💐"', "purposes.1.title: .*has 26 characters"),
        ('title = "offers and news"', 'title = "offers*"', r"purposes.1.title: .*has a \*"),
        ('title = "offers and news"', 'title = "~offers~"', "purposes.1.title: .*would be drawn without its ~"),
        ('title = "offers and news"', 'title = "\\u3164"', "purposes.1.title: .*has no letter or digit"),
        ('title = "offers and news"', 'title = "\\u2800\\u2800"', "purposes.1.title: .*has no letter or digit"),
        ('title = "offers and news"', 'title = "STOP"', "purposes.1.title: 'STOP' means stop when it is typed"),
        ('title = "offers and news"', 'title = "Yes, I agree"', "purposes.1.title: .* means yes when it is typed"),
        ('title = "offers and news"', 'title = "Aide"', "purposes.1.title: 'Aide' means help when it is typed"),
        ('name = "Blumen Haas"', 'name = "Blumen\\nHaas"', "controller.name: .*line break"),
        ('name = "Blumen Haas"', 'name = "Blumen *Haas"', r"controller.name: .*has a \*"),
        ('hours = "Mo-Fr', 'hours = "\\u202EMo-Fr', r"human.hours: .*U\+202E"),
        ('phone = "+49', 'phone = "+49\\t', "human.phone: .*tab"),
        ('places = ["EU"]', 'places = ["EU\\u2028"]', r"storage.places.0: .*U\+2028"),
        ('name = "Heroku', 'name = "\\u0007Heroku', r"third_parties.1.name: .*U\+0007"),
        ('what = "runs', 'what = "\\u2066runs', "third_parties.1.what: .*isolate"),
        ('address = "Blumen', 'address = "\\u0000Blumen', r"controller.address: .*U\+0000"),
    ],
)
def test_company_texts_that_would_break_a_message_are_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    file = tmp_path / "business.toml"
    assert old in TEXT.partition("\n")[2]
    head, _, rest = TEXT.partition("\n")
    file.write_text(f"{head}\n{rest.replace(old, new, 1)}", "utf-8")
    with pytest.raises(FileError, match=told):
        load_world(business=file)


def test_an_address_and_opening_hours_may_have_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    file.write_text(TEXT.replace('hours = "Mo-Fr', 'hours = "Mo-Fr\\nSat', 1), "utf-8")
    assert "\nSat" in load_world(business=file)[0].business.human.hours


def test_an_unknown_default_language_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    text = TEXT.replace('default_locale = "en"', 'default_locale = "xx"', 1)
    file.write_text(text.replace("[notices.url]", '[notices.url]\nxx = "https://a.example/"', 1), "utf-8")
    with pytest.raises(FileError, match="default_locale: 'xx' is no language here; write one of ar, bg"):
        load_world(business=file)


def test_texts_too_long_with_the_company_s_values_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    long = f'[[third_parties]]\nname = "{"N" * 500}"\nrole = "processor"\nwhat = "hosting"\ncountry = "US"\n\n[storage]'
    file.write_text(TEXT.replace("[storage]", long, 1), "utf-8")
    world = load_world(business=file)[0]
    found = list(overlong(world))
    assert "privacy.notice [en] has 1267 characters, WhatsApp takes 1024" in found
    assert len([one for one in found if one.startswith("privacy.notice")]) == len(world.texts.offered)


def test_every_text_of_the_example_fits_in_every_language() -> None:
    assert list(overlong(load_world()[0])) == []


def test_a_mistake_is_reported_once_and_without_an_empty_key(tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    for old, new in (('change = "material"', 'change = "huge"'), ('default_locale = "en"', 'default_locale = "xx"')):
        file.write_text(TEXT.replace(old, new, 1), "utf-8")
        with pytest.raises(FileError) as refused:
            load(file)
        (line,) = str(refused.value).splitlines()
        assert ": :" not in line


def test_a_consent_stands_until_a_material_change_of_the_notice(tmp_path: Path) -> None:
    newer = '[[notices]]\nversion = "{}"\npublished = 2026-11-01\nchange = "{}"\nurl.en = "https://a.example/"\n'
    file = tmp_path / "business.toml"
    for change, stands in (("editorial", True), ("material", False)):
        file.write_text(TEXT.replace("[[third_parties]]", newer.format("2026-11", change) + "[[third_parties]]", 1))
        business = load(file)
        assert business.notice_stands("2026-11")
        assert business.notice_stands("2026-10") is stands


@pytest.mark.parametrize(
    ("locale", "address"),
    [
        ("de", "https://a.example/de"),
        ("de-AT", "https://a.example/de"),
        ("de@informal", "https://a.example/de"),
        ("de-CH", "https://a.example/ch"),
        ("pt-PT", "https://a.example/br"),
        ("fr", "https://a.example/en"),
    ],
)
def test_the_notice_is_shown_in_the_nearest_language_that_it_has(locale: str, address: str) -> None:
    urls = {"en": "en", "de-CH": "ch", "de": "de", "pt-BR": "br"}
    notice = Notice.model_validate(
        {
            "version": "1",
            "published": date(2026, 10, 1),
            "change": "material",
            "url": {code: f"https://a.example/{path}" for code, path in urls.items()},
        }
    )
    assert notice.url_for(locale, "en") == address


def test_a_company_with_nothing_but_service_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    text = TEXT.replace('legal_basis = "consent"', 'legal_basis = "service"').replace('"marketing" ', '"utility" ')
    file.write_text(text.replace('category = "marketing"', 'category = "utility"'), "utf-8")
    with pytest.raises(
        FileError, match="purposes: nothing to agree to: all are service; add a purpose with legal_basis"
    ):
        load(file)


def test_the_limits_of_a_purpose_are_read(tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    file.write_text(re.sub(r"^# (quiet_|at_most)", r"\1", TEXT, flags=re.MULTILINE), "utf-8")
    updates, offers = load(file).purposes
    assert offers.quiet == QuietTimes(parse_hours("21:00-08:00"), frozenset({6}))
    assert offers.at_most == AtMost(2, timedelta(days=7))
    assert (updates.quiet, updates.at_most) == (None, None)


def test_service_is_not_asked_about() -> None:
    loaded = load(FLOWS / "business.toml")
    service = Purpose.model_validate(loaded.purposes[0].model_dump() | {"legal_basis": "service"})
    changed = loaded.model_copy(update={"purposes": (service, loaded.purposes[1])})
    assert [purpose.id for purpose in changed.consentable] == ["offers"]

"""One number has one canonical spelling, and is understood as people type it."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.whatsapp import limits
from bot.keys import Keyring
from bot.numbers import canonical, spellings, typed

KEYS = Keyring(["k" * 32])
AREAS = st.from_regex(r"[1-9][1-9]", fullmatch=True)
ARGENTINE_AREAS = st.sampled_from(["11", "221", "351", "379", "2966", "3541", "2901"])


@st.composite
def brazilian(draw: st.DrawFn) -> set[str]:
    area, subscriber = draw(AREAS), draw(st.from_regex(r"[6-9][0-9]{7}", fullmatch=True))
    return {f"+55{area}{subscriber}", f"+55{area}9{subscriber}"}


@st.composite
def mexican(draw: st.DrawFn) -> set[str]:
    number = draw(st.from_regex(r"[2-9][0-9]{9}", fullmatch=True))
    return {f"+52{number}", f"+521{number}"}


@st.composite
def argentine(draw: st.DrawFn) -> set[str]:
    area = draw(ARGENTINE_AREAS)
    subscriber = draw(st.from_regex(rf"[4-6][0-9]{{{9 - len(area)}}}", fullmatch=True))
    return {
        f"+549{area}{subscriber}",
        f"+54{area}{subscriber}",
        f"+54{area}15{subscriber}",
        f"+549{area}15{subscriber}",
    }


NUMBERS = st.one_of(brazilian(), mexican(), argentine())


@given(NUMBERS)
def test_all_spellings_of_a_number_have_one_canonical_form(forms: set[str]) -> None:
    assert len({canonical(form) for form in forms}) == 1
    assert len({KEYS.address(form) for form in forms}) == 1
    for form in forms:
        assert forms <= set(spellings(form))
        assert canonical(canonical(form)) == canonical(form)


@given(NUMBERS, st.integers(0, 3))
def test_a_row_that_was_stored_under_any_spelling_is_found_by_every_other(forms: set[str], which: int) -> None:
    stored = sorted(forms)[which % len(forms)]
    for form in forms:
        assert stored in spellings(form)


@given(st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True))
def test_every_spelling_leads_back_to_the_same_number(number: str) -> None:
    assert spellings(number)[0] == canonical(number)
    assert number in spellings(number)
    assert {canonical(one) for one in spellings(number)} == {canonical(number)}


@given(st.from_regex(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}", fullmatch=True))
def test_a_bsuid_is_never_touched(bsuid: str) -> None:
    assert canonical(bsuid) == bsuid
    assert spellings(bsuid) == [bsuid]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+551132345678", "+5511932345678"),  # a landline has no ninth digit: the mobile is somebody else's
        ("+5511987654321", "+5512987654321"),
        ("+525512345678", "+525512345679"),
        ("+541145678901", "+541145678902"),
        ("+4915112345678", "+4991511234567"),
    ],
)
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)
    assert not set(spellings(one)) & set(spellings(other))


INVISIBLE = st.sampled_from(["", "\u200e", "\u202a", "\u202c", "\u2068", "\u2069", "\ufeff", "\u200b", "\u00ad"])
SEPARATORS = st.sampled_from(["", " ", "\u00a0", "\u2009", "-", "\u2011", "\u2013", ".", "/", "  "])
DIGITS = st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"])
EXAMPLES = {
    country: number
    for country in ("DE", "BR", "MX", "AR", "ES", "IT", "FR", "GB", "US", "IN", "PT", "AT")
    if (number := phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE))
}


@given(st.sampled_from(sorted(EXAMPLES)), st.sampled_from(["+", "00", "", "national"]), st.data())
def test_a_number_is_understood_as_people_type_it(country: str, way: str, data: st.DataObject) -> None:
    number = EXAMPLES[country]
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if way == "national":
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    else:
        written = way + data.draw(SEPARATORS).join([e164[1:3], e164[3:6], e164[6:]])
    written = written.translate(str.maketrans("0123456789", data.draw(DIGITS)))
    written = data.draw(INVISIBLE) + written[:2] + data.draw(INVISIBLE) + written[2:] + data.draw(INVISIBLE)
    assert canonical(e164) in map(canonical, typed(written, country))


@pytest.mark.parametrize(
    "written",
    [
        "(+49) 151 12345678",
        "+49 (0) 151 12345678",
        "＋４９ １５１ １２３４５６７８",
        "tel:+4915112345678",
        "tel:+49-151-12345678;ext=5",
        "Tel.: +49 151 12345678",
        "Mobile: 0151 12345678",
        "WhatsApp: +49 151 12345678",
        "whatsapp:+4915112345678",
        "whatsapp://send?phone=%2B4915112345678",
        "https://wa.me/4915112345678?text=Hello%2042",
        "https://www.wa.me/+4915112345678",
        "https://api.whatsapp.com/send?phone=4915112345678&text=42",
        "https://api.whatsapp.com/send/?text=42&phone=4915112345678",
        "[0151] 12345678",
        "'+49 151 12345678'",
        "<+4915112345678>",
        "+49_151_12345678",
        "0049 (151) 12345678",
        "٠٠٤٩ ١٥١ ١٢٣٤٥٦٧٨",
        "۰۱۵۱ ۱۲۳۴۵۶۷۸",
        "4915112345678+",
        "０１５１ー１２３４５６７８",
        "wa.me/4915112345678",
        "“+49 151 12345678”",
        "„+49 151 12345678“",
        "‘0151 12345678’",
        "«+49 151 12345678»",
        "`+4915112345678`",
        "+49 151 12345678,",
        "+004915112345678",
        "+49 (0)151 12345678",
        "+49 (0) 151/123-456-78",
    ],
)
def test_numbers_pasted_in_other_formats_are_understood(written: str) -> None:
    assert "+4915112345678" in typed(written, "DE")


@pytest.mark.parametrize("written", ["", " ", "+", "hello", "DE.123", "1234 hello", "٭", "+49 151 1234 or 5678"])
def test_text_that_is_not_a_number_gives_none(written: str) -> None:
    assert typed(written, "DE") == []


@given(st.text(max_size=40), st.sampled_from(["DE", "BR", "", "XX"]))
def test_any_text_gives_only_well_formed_numbers(text: str, country: str) -> None:
    for number in typed(text, country):
        assert number[0] == "+"
        assert number[1:].isdecimal()


@given(st.from_regex(r"0[1-9][0-9]{7,9}", fullmatch=True))
def test_a_leading_zero_is_never_read_as_part_of_a_country_code(written: str) -> None:
    assert all(number.startswith("+49") for number in typed(written, "DE") if limits.phone(number))

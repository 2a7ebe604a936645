"""The spellings of a phone number: which are the same, and what an operator may have typed.

Three countries write a mobile number in more than one international form, and WhatsApp, contact books and forms do
not agree on which (libphonenumber FAQ; Meta: phone-numbers, "wa_id"):

- Brazil put a 9 before every mobile number between 2012 and 2016 (ANATEL, Resolução 553/2010). WhatsApp still names
  most accounts outside of São Paulo and Rio without it: `+55 31 8765-4321` is `+55 31 98765-4321`.
- Mexico dropped the 1 before mobile numbers in 2019 (IFT, Plan Técnico Fundamental de Numeración); WhatsApp keeps it:
  `+52 1 55 …` is `+52 55 …`.
- Argentina writes mobile numbers with a 9 before the area code, or with a 15 after it, or with neither.
"""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

import phonenumbers

_BRAZIL = re.compile(r"\+55([1-9][1-9])([6-9][0-9]{7})").fullmatch
"""A Brazilian mobile number without the ninth digit. Numbers beginning with 2 to 5 are landlines of somebody else."""

_MEXICO = re.compile(r"\+521([2-9][0-9]{9})").fullmatch
_ARGENTINA = re.compile(r"\+549?([1-9][0-9]{9}|[1-9][0-9]{11})").fullmatch
_TYPED = re.compile(r"[0-9 ()\[\]./+\-_·]+").fullmatch
_DASHES = "\N{MINUS SIGN}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"
"""What people type as a dash, though Unicode does not count it as one."""

_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
_LINK = re.compile(
    r"(?:(?:https?://)?(?:www\.)?wa\.me/|(?:(?:https?://)?(?:api|web)\.whatsapp\.com/|whatsapp://)send/?\?(?:[^#]*&)?phone=)"
    r"(\+?[^?&#/]+).*"
).fullmatch
"""A link to a chat, whose number always begins with the country's code. [WhatsApp: How to use click to chat]"""

_AROUND = (
    " '\"`<>,;:«»\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{SINGLE LOW-9 QUOTATION MARK}"
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}"
)
"""Quotes of all languages, and what stands between addresses in a list."""

_LABEL = re.compile(r"^(?:tel|telephone|phone|mobile|whatsapp|wa|sms|callto)[.:]+ *")
"""What stands before a number in a link (RFC 3966), a contact or a webhook of Twilio."""

_AFTER = re.compile(r" *(?:;|(?:ext|x)[.:]? *[0-9]+$).*")
"""What may stand after it: parameters (RFC 3966), an extension."""


def canonical(address: str) -> str:
    """Return the spelling under which a number is looked up; any other address is returned unchanged.

    Only for comparing and for lookup tokens: messages go to the spelling that WhatsApp reported.
    """
    if not address.startswith(("+52", "+54", "+55")):
        return address
    if found := _BRAZIL(address):
        return f"+55{found[1]}9{found[2]}"
    if found := _MEXICO(address):
        return f"+52{found[1]}"
    if found := _ARGENTINA(address):
        national = found[1] if len(found[1]) == 10 else _without_15(found[1])
        return f"+54{national}" if national else address
    return address


def same(one: str | None, other: str | None) -> bool:
    """Whether two addresses are the same, however spelled; a missing address equals no other."""
    return bool(one and other and canonical(one) == canonical(other))


def _without_15(national: str) -> str | None:
    """Return an Argentine number without the 15, whose position depends on the length of the area code."""
    try:
        parsed = str(phonenumbers.parse(f"+54{national}").national_number)
    except phonenumbers.NumberParseException:
        return None
    return parsed[1:] if len(parsed) == 11 and parsed[0] == "9" else None


def spellings(address: str) -> list[str]:
    """Return every spelling of a number, the canonical spelling first; for any other address only itself."""
    first = canonical(address)
    others = [candidate for candidate in _candidates(first) if candidate != first and canonical(candidate) == first]
    return list(dict.fromkeys([first, *others, address]))


def _candidates(number: str) -> list[str]:
    code, national = number[:3], number[3:]
    match code:
        case "+55" if len(national) == 11:
            return [f"+55{national[:2]}{national[3:]}"]
        case "+52":
            return [f"+521{national}"]
        case "+54":
            with_15 = [f"{national[:area]}15{national[area:]}" for area in (2, 3, 4)]
            return [f"+549{national}", *(f"+54{mobile}{variant}" for mobile in ("", "9") for variant in with_15)]
    return []


def typed(text: str, country: str) -> list[str]:
    """Return the numbers (`+E.164`) that a typed or pasted text may mean, the likeliest first; perhaps none.

    `country`: two letters; numbers of this country may be typed as they are dialled there.
    """
    plain = _bare(visible(text))
    digits = re.sub(r"[^0-9]", "", plain)
    if not digits or not _TYPED(plain):
        return []
    if plain.lstrip("([ ").startswith("+"):
        digits = digits.removeprefix("00")
        meant = [f"+{digits}", _parsed(f"+{digits}" if plain.lstrip("([ +").startswith("00") else plain)]
    elif digits.startswith("00"):
        meant = [f"+{digits[2:]}", _parsed(f"+{digits[2:]}")]
    elif digits.startswith("0"):
        meant = [_parsed(plain, country)]
    else:  # as in WhatsApp's `wa_id`, or as dialled in countries without a leading 0
        meant = [f"+{digits}", _parsed(plain, country)]
    return list({canonical(number): number for number in reversed(meant) if number}.values())[::-1]


def _bare(seen: str) -> str:
    """Return a number in ASCII without the link, label or quotes around it."""
    ascii = seen if seen.isascii() else "".join(map(_ascii, unicodedata.normalize("NFKC", seen)))
    plain = ascii.lower().strip(_AROUND)
    if link := _LINK(plain):
        return "+" + unquote(link[1]).strip("+ ")
    plain = _AFTER.sub("", _LABEL.sub("", plain)).strip()
    # Where lines run from right to left, the plus may have been typed or copied behind the digits.
    return f"+{plain[:-1]}" if plain.endswith("+") else plain


def likeliest(numbers: Sequence[str]) -> list[str]:
    """Return those of several numbers (`+E.164`) that WhatsApp may know: mobile ones, else those in use, else all."""
    kinds = {number: _kind(number) for number in numbers}
    mobile = [number for number, kind in kinds.items() if kind in _MOBILE]
    in_use = [number for number, kind in kinds.items() if kind != phonenumbers.PhoneNumberType.UNKNOWN]
    return mobile or in_use or list(numbers)


def _kind(number: str) -> int:
    try:
        return int(phonenumbers.number_type(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return phonenumbers.PhoneNumberType.UNKNOWN


def visible(text: str) -> str:
    """Return a text without the invisible characters that come along when a contact is copied."""
    if text.isascii() and text.isprintable():  # as almost every text is
        return text.strip()
    return "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Cc", "Mn")).strip()


def _ascii(letter: str) -> str:
    match unicodedata.category(letter):
        case "Nd":
            return str(unicodedata.decimal(letter))
        case "Zs":
            return " "
        case "Pd":
            return "-"
    return "-" if letter in _DASHES else letter


def _parsed(text: str, country: str | None = None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

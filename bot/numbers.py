"""One phone number, several spellings: which of them are the same, and what an operator may have typed.

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

import phonenumbers

_BRAZIL = re.compile(r"\+55([1-9][1-9])([6-9][0-9]{7})").fullmatch
"""Without the ninth digit. What begins with 2 to 5 is a landline, and somebody else's."""

_MEXICO = re.compile(r"\+521([2-9][0-9]{9})").fullmatch
_ARGENTINA = re.compile(r"\+549?([1-9][0-9]{9}|[1-9][0-9]{11})").fullmatch
_TYPED = re.compile(r"[0-9 ()./+-]+").fullmatch
_LINK = re.compile(r"^(?:tel:|whatsapp:|(?:https?://)?wa\.me/)")


def canonical(address: str) -> str:
    """Return the one spelling by which a number is found; any other address is returned as it is.

    It is for comparing and for lookup tokens only: WhatsApp is sent to under the spelling that it told.
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
    """Whether two addresses are one, however they are spelt; one that is missing is no other's."""
    return bool(one and other and canonical(one) == canonical(other))


def _without_15(national: str) -> str | None:
    """Return an Argentine number without the 15; where it stands depends on the length of the area code."""
    try:
        parsed = str(phonenumbers.parse(f"+54{national}").national_number)
    except phonenumbers.NumberParseException:
        return None
    return parsed[1:] if len(parsed) == 11 and parsed[0] == "9" else None


def spellings(address: str) -> list[str]:
    """Return every spelling of the same number, the canonical one first; of any other address only itself."""
    first = canonical(address)
    others = [one for one in _candidates(first) if one != first and canonical(one) == first]
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
            return [f"+549{national}", *(f"+54{mobile}{one}" for mobile in ("", "9") for one in with_15)]
    return []


def typed(text: str, country: str) -> list[str]:
    """Return the numbers (`+E.164`) that somebody may mean who typed or pasted this, the likeliest first.

    `country`: two letters, whose numbers may be typed as they are dialled there. Empty when it is no number.
    """
    plain = re.sub(_LINK, "", "".join(map(_ascii, unicodedata.normalize("NFKC", visible(text)))).lower()).strip()
    digits = re.sub(r"[^0-9]", "", plain)
    if not digits or not _TYPED(plain):
        return []
    if plain.lstrip("( ").startswith("+"):
        meant = [f"+{digits}", _parsed(plain)]
    elif digits.startswith("00"):
        meant = [f"+{digits[2:]}", _parsed(f"+{digits[2:]}")]
    elif digits.startswith("0"):
        meant = [_parsed(plain, country)]
    else:  # as WhatsApp's `wa_id` has it, or as it is dialled where no 0 comes first
        meant = [f"+{digits}", _parsed(plain, country)]
    return list({canonical(one): one for one in reversed(meant) if one}.values())[::-1]


def visible(text: str) -> str:
    """Return a text without the characters that nobody sees, which come along when a contact is copied."""
    return "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Cc", "Mn")).strip()


def _ascii(letter: str) -> str:
    match unicodedata.category(letter):
        case "Nd":
            return str(unicodedata.decimal(letter))
        case "Zs":
            return " "
        case "Pd":
            return "-"
    return "-" if letter == "\N{MINUS SIGN}" else letter


def _parsed(text: str, country: str | None = None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

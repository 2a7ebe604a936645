"""The name of a country, or of the European Union, in every language: CLDR's."""

from babel import Locale


def place_name(place: str, code: str) -> str:
    """Return the name of `place`, such as DE or EU, in the language `code`; other texts are returned unchanged."""
    return str(Locale.parse(code.replace("-", "_")).territories.get(place, place))

"""What the row of an imported file says about a consent: formats as data, words in many languages. Pure.

What is not understood is refused, and the strictest of several words counts.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ... import toml_file
from ...times import DAY

FILE = Path(__file__).with_name("import_formats.toml")

OWN = "consentbot"
"""Our own format."""


class Says(StrEnum):
    """What a row says, the strictest first."""

    OUT = "out"
    PENDING = "pending"
    """Asked, but not confirmed."""
    UNKNOWN = "unknown"
    """A word that is not understood."""
    NOTHING = "nothing"
    SINGLE = "single"
    """In, but by single opt-in: nobody confirmed that the number is theirs."""
    IN = "in"


_STRICTEST = list(Says)


class Unreadable(ValueError):
    """Something in a row can't be read; the text says what is wrong and what to do, and quotes nothing of the row."""


class Format(BaseModel):
    """How one program writes its rows; see the head of `import_formats.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    marks: tuple[str, ...]
    address: tuple[str, ...]
    status: tuple[str, ...]
    veto: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    detail: tuple[str, ...] = ()
    locale: tuple[str, ...] = ()
    list: bool = False
    words: Mapping[str, Says] = {}

    @cached_property
    def own_words(self) -> Mapping[str, Says]:
        """The words that mean something else here."""
        return {_word(word): says for word, says in self.words.items()}

    @cached_property
    def told(self) -> Sequence[tuple[str, str]]:
        """The columns that tell how the consent came about, normalised and as they are known."""
        told = (*self.status, *self.veto, *self.suppressed, *self.doubled, *self.at, *self.until, *self.detail)
        return [(_name(name), name) for name in told]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    formats: Mapping[str, Format]
    channels: Mapping[str, tuple[str, ...]]
    suppressed: Mapping[str, tuple[str, ...]]
    words: Mapping[Says, tuple[str, ...]]


@cache
def _file() -> _File:
    return toml_file.load(FILE, _File, lambda problem: toml_file.cure_by_example(problem, FILE.name))


def formats() -> Mapping[str, Format]:
    """Return the formats by name."""
    return _file().formats


@cache
def _words() -> Mapping[str, Says]:
    return {_word(word): says for says, words in _file().words.items() for word in words}


@cache
def _channels() -> Collection[str]:
    return frozenset(map(_word, _file().channels["ours"]))


@cache
def _not_suppressed() -> Collection[str]:
    return frozenset(map(_word, _file().suppressed["no"]))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file, understood."""

    number: int
    """Its number in the file, from 1, the header not counted."""
    address: str = field(repr=False)
    """As it is written there."""
    says: Says
    tells: bool
    """Whether it has a column or field about consent at all."""
    ours: bool = True
    """Whether it is about WhatsApp."""
    purposes: Sequence[str] = ()
    """As the file names them; empty if it names none."""
    at: int | None = None
    """When that was said, unix seconds; of a day, the second that is stricter. None if the row does not say."""
    dated: bool = True
    """Whether its dates, as far as there are any, could be read."""
    until: int | None = None
    """When the consent ends according to the file, unix seconds."""
    words: str = field(default="", repr=False)
    """What the row says, in its own words."""
    locale: str = ""


def detect(names: Collection[str]) -> str | None:
    """Return the format of a file with these columns or fields; None if there is none with such columns."""
    known = {_name(name) for name in names}
    return next(
        (id for id, format in formats().items() if any(_name(mark) in known for mark in format.marks)),
        None,
    )


def has_address(format: Format, names: Collection[str]) -> bool:
    """Whether one of the columns holds addresses."""
    return not {_name(name) for name in names}.isdisjoint(map(_name, format.address))


def understood(number: int, fields: Mapping[str, Any], format: Format) -> Row:
    """Return what a row says, whose fields are `flat`. Raises `Unreadable` if it has no address."""
    cells = {_name(name): value for name, value in reversed(list(fields.items()))}
    address = _first(cells, format.address)
    if not address:
        raise Unreadable("the row has no number; fill it in")
    says, words = _says(cells, format)
    at, dated = _newest(cells, format.at) if says is Says.OUT else _date(_first(cells, format.at))
    until, until_dated = _date(_first(cells, format.until), any_year=True)
    return Row(
        number=number,
        address=address,
        says=says,
        tells=format.list or any(_name(name) in cells for name in (*format.status, *format.veto, *format.suppressed)),
        ours=any(_word(one) in _channels() for one in _several(_first(cells, format.channel)) or [""]),
        purposes=[one for name in format.purpose for one in _several(_text(cells, name))],
        at=at,
        dated=dated and until_dated,
        until=until,
        words=words,
        locale=_first(cells, format.locale),
    )


def _says(cells: Mapping[str, Any], format: Format) -> tuple[Says, str]:
    """Return what a row says, and its words for that."""
    asked = [(name, cells[_name(name)]) for name in format.status if _name(name) in cells]
    found = [_meaning(value, format) for _, value in asked]
    if not found and format.list:
        found = [Says.OUT]
    vetoes = [name for name in format.veto if _meaning(cells.get(_name(name)), format) is Says.OUT]
    vetoes += [name for name in format.suppressed if _suppresses(_text(cells, name))]
    says = min([*found, *(Says.OUT for _ in vetoes)], key=_STRICTEST.index, default=Says.NOTHING)
    if says is Says.NOTHING and any(one is Says.IN for one in found):
        says = Says.IN  # another column, left empty, says nothing
    if says is Says.IN and format.doubled:
        says = _doubled(cells, format)
    words = [f"{name}: {text}" for key, name in format.told if key in cells and (text := _plain(cells[key]))]
    return says, "; ".join(words)[:1000]


def _doubled(cells: Mapping[str, Any], format: Format) -> Says:
    """Return whether a consent was confirmed: by a date, or by a word; a row that does not say is taken as it is."""
    value = _first(cells, format.doubled)
    present = any(_name(name) in cells for name in format.doubled)
    if not present or _moment(value) is not None:
        return Says.IN
    return Says.IN if value and _meaning(value, format) is Says.IN else Says.SINGLE


def _suppresses(text: str) -> bool:
    """Whether a word in a column of suppressions suppresses: in doubt, it does."""
    word = _word(text)
    return word not in _not_suppressed() and _words().get(word) is not Says.NOTHING


def _meaning(value: Any, format: Format) -> Says:
    word = _word(_plain(value))
    return format.own_words.get(word) or _words().get(word, Says.UNKNOWN)


# --- cells


_DEEPEST = 20
"""Fields inside of fields; no program writes more."""


def flat(fields: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the fields with those inside of others; of a list, all plain values, or the first object.

    Raises `Unreadable` if they are nested too deeply.
    """
    if depth > _DEEPEST:
        raise Unreadable("the row is nested too deeply; write its fields directly into its object")
    for name, value in fields.items():
        if isinstance(value, list):
            plain = [_plain(one) for one in value if not isinstance(one, list | Mapping)]
            value = ",".join(plain) if plain else next((one for one in value if isinstance(one, Mapping)), None)
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.", depth + 1)
        else:
            yield f"{before}{name}", value


@lru_cache(maxsize=4096)
def _name(name: str) -> str:
    parts = (part.rpartition(":")[2] for part in name.split("."))
    return ".".join(re.sub(r"[\W_]", "", part.casefold()) for part in parts)


@lru_cache(maxsize=4096)
def _word(text: str) -> str:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"[\s_\-\u2010-\u2013]+", "", folded) if folded.strip() not in ("-", "–") else "-"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _text(cells: Mapping[str, Any], name: str) -> str:
    return _plain(cells[key]) if (key := _name(name)) in cells else ""


def _several(text: str) -> list[str]:
    return [one for one in re.split(r"[,;|]", text) if one.strip()]


def _first(cells: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((text for name in names if (text := _text(cells, name))), "")


# --- times


def _date(text: str, *, end_of_day: bool = False, any_year: bool = False) -> tuple[int | None, bool]:
    """Return the moment that a cell names, unix seconds, and whether it could be read."""
    if _words().get(_word(text)) is Says.NOTHING:
        return None, True
    found = _moment(text, any_year=any_year)
    if found is None:
        return None, False
    at, day_only = found
    return (at + DAY - 1 if end_of_day and day_only else at), True


def _newest(cells: Mapping[str, Any], names: Sequence[str]) -> tuple[int | None, bool]:
    """Return the newest moment that is named, unix seconds, and whether all could be read; none if not all could."""
    found = [_date(_text(cells, name), end_of_day=True) for name in names]
    if not all(read for _, read in found):
        return None, False
    return max((at for at, _ in found if at is not None), default=None), True


def _moment(text: str, *, any_year: bool = False) -> tuple[int, bool] | None:
    """Return a moment in unix seconds, and whether the text names only its day; None if it can't be read.

    Years that no consent can have been given in are not read, except for ends, which some programs put into 9999.
    """
    digits = re.fullmatch(r"(\d{10})(\d{3})?", text, re.ASCII)
    try:
        if digits:
            moment = datetime.fromtimestamp(int(digits[1]), UTC)
        else:
            moment = datetime.fromisoformat(re.sub(r" ?(UTC|GMT)$", "+00:00", text))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    day_only = not digits and len(text) <= len("2026-11-30")
    return (seconds, day_only) if any_year or _EARLIEST <= moment < _LATEST else None


_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC) - timedelta(days=1)


# --- addresses

_ROUNDED = re.compile(r"\+?\d+(?:[.,]\d+)?e\+?\d+|\d{7,}[.,]\d+", re.IGNORECASE).fullmatch
"""A number that went through a spreadsheet or a float: its digits can't be trusted."""


def checked_address(text: str) -> str:
    """Return an address as it is written. Raises `Unreadable` for a number that a spreadsheet has rounded."""
    if _ROUNDED(text.replace(" ", "")):
        raise Unreadable("the number was rounded by a spreadsheet; format the column as text and export it again")
    return text

"""What can be wrong with a translated text: errors, which keep it from being sent, and warnings for its translator.

The rules look only at the `Slot` and the text, never at a catalog's flags or comments, which editors drop.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .slot import Slot, TextError, TextTemplate, length


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its cure."""

    code: str
    message: str
    error: bool
    """Whether the text must not be sent like this."""


TextRule = Callable[[Slot, str], Iterator[str]]


def errors(slot: Slot, text: str) -> list[Fault]:
    """Return why `text` can't be sent instead of the English of `slot`; empty if it can."""
    for check in (_placeholder, _empty):  # the other rules rely on these
        found = [Fault(check.__name__.lstrip("_"), message, error=True) for message in check(slot, text)]
        if found:
            return found
    return [Fault(code, message, error=True) for code, check in _ERRORS.items() for message in check(slot, text)]


def warnings(slot: Slot, text: str, widest: Mapping[str, str] | None = None) -> list[Fault]:
    """Return what looks unintended in a `text` without errors; `widest` are the longest values of placeholders."""
    found = [Fault(code, message, error=False) for code, check in _WARNINGS.items() for message in check(slot, text)]
    found += [Fault("room", message, error=False) for message in _room(slot, text, widest or {})]
    return found


def _placeholder(slot: Slot, text: str) -> Iterator[str]:
    try:
        names = TextTemplate.parse(text).names
    except TextError as error:
        yield str(error)
        return
    wanted = TextTemplate.parse(slot.english).names
    for name in sorted(wanted - names):
        cure = "write it with one plain brace on each side" if name in text else "put it where its value belongs"
        yield f"{{{name}}} is missing; {cure}"
    for name in sorted(names - wanted):
        yield f"{{{name}}} is not in the English text; its placeholders are {_listed(wanted)}"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"


def _empty(slot: Slot, text: str) -> Iterator[str]:
    try:
        finished = TextTemplate.parse(text).fill(slot.examples)
    except TextError as error:
        yield f"can't be filled with the example values: {error}; add it to `vars` in {slot.source or 'the flow file'}"
        return
    if not finished.strip():
        yield "is nothing but spaces"


def _length(slot: Slot, text: str) -> Iterator[str]:
    size = length(TextTemplate.parse(text).fill(slot.examples))
    if size > slot.limit:
        yield f"has {size} characters with the example values, a {_spaced(slot)} may have {slot.limit}; shorten it"


def _spaced(slot: Slot) -> str:
    return slot.kind.value.replace("_", " ")


_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")
_ISOLATES = frozenset("\u2066\u2067\u2068\u2069")
_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")
_CONTROLS = {"\n": "line break", "\t": "tab", "\r": "line break of Windows"}
_JOINERS = frozenset("\u200c\u200d")


def _forbidden(slot: Slot, text: str) -> Iterator[str]:
    return unshowable(text, single_line=slot.single_line)


def unshowable(text: str, *, single_line: bool) -> Iterator[str]:
    """Yield what WhatsApp refuses in a text or draws differently from how it was written."""
    found = dict.fromkeys(text)
    joins = not _JOINERS.isdisjoint(found) and any(unicodedata.category(character) == "Lo" for character in found)
    for character in found:
        if reason := _unwanted(character, single_line=single_line, joins=joins):
            name = _CONTROLS.get(character) or unicodedata.name(character, "control character")
            yield f"contains U+{ord(character):04X} ({name}), {reason}; remove it"
    if text.count("\u2069") != sum(text.count(opening) for opening in "\u2066\u2067\u2068"):
        yield "opens a directional isolate that is not closed, or the other way round"
    if text != text.strip():
        yield "begins or ends with a space or an empty line; remove it"
    if single_line and " " * 4 in text:
        yield "has four spaces in a row, which WhatsApp refuses"


@lru_cache(maxsize=4096)
def _unwanted(character: str, *, single_line: bool, joins: bool) -> str:
    if character == "\n":
        return "which WhatsApp refuses in a text of one line" if single_line else ""
    if character == "\t":
        return "which phones draw as they like"
    if character in _DIRECTION_MARKS or (character in _JOINERS and joins):
        return ""
    if character in _ISOLATES:
        return "which counts as a character here" if single_line else ""
    if character in _OVERRIDES:
        return "which turns the direction of what follows"
    if character in "\u2028\u2029" or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return "which is invisible"
    return ""


_URL = re.compile(
    r"https?://[^\s<>\"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:[\w-]+\.)+[a-z]{2,}/\S*|(?<!\w)#\w+|\+\d[\d ]{6,}\d"
    r"|(?<![\w.])[a-z0-9][\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?!\w)"  # phones make a link of shop.example too
)
_SIGN_OF_URL = re.compile(r"[/@#+]|\.[a-z]")
"""Every alternative contains one of these; most texts contain none."""


@lru_cache(maxsize=4096)
def _addresses(text: str) -> Sequence[str]:
    return sorted(_URL.findall(text)) if _SIGN_OF_URL.search(text) else []


def _url(slot: Slot, text: str) -> Iterator[str]:
    wanted, found = _addresses(slot.english), _addresses(text)
    if wanted != found:
        yield f"has the addresses, numbers or codes {found or 'none'} where the English has {wanted or 'none'}"


def alike(group: Sequence[str], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of choices in a `group` that read alike, which WhatsApp refuses: the later text id, the earlier."""
    first: dict[str, str] = {}
    for text_id in group:
        if text_id in texts:
            same = first.setdefault(texts[text_id].casefold(), text_id)
            if same != text_id:
                yield text_id, same


_PLACEHOLDER = re.compile(r"\{\w+\}")

_MARKS = {
    mark: re.compile(rf"(?<!\w){sign}(?![\s{sign}])[^{sign}\n]*(?<![\s{sign}]){sign}(?!\w)")
    for mark in "*_~`"
    for sign in [re.escape(mark)]
}
"""The marks that WhatsApp draws as bold, italics, strike-through and fixed width."""


@lru_cache(maxsize=4096)
def _bare(text: str) -> str:
    """Return `text` without placeholders and addresses, inside which marks mean nothing."""
    bare = _PLACEHOLDER.sub("x", text) if "{" in text else text
    return _URL.sub("", bare) if _SIGN_OF_URL.search(bare) else bare


@lru_cache(maxsize=8192)
def _pairs(text: str, mark: str) -> tuple[int, int]:
    """Return how many pairs of `mark` WhatsApp would draw, and how many single marks it would show as they are."""
    bare = _bare(text)
    if mark not in bare:
        return 0, 0
    pairs = len(_MARKS[mark].findall(bare))
    return pairs, bare.count(mark) - 2 * pairs


def drawn(text: str) -> Iterator[str]:
    """Yield the marks that WhatsApp would draw (bold, italics, strike-through, fixed width) instead of showing them."""
    return (mark for mark in _MARKS if _pairs(text, mark)[0])


def _format(slot: Slot, text: str) -> Iterator[str]:
    for mark in _MARKS:
        (wanted, plain), (pairs, single) = _pairs(slot.english, mark), _pairs(text, mark)
        if single > plain:
            yield f"has a {mark} without effect: each pair needs no space inside and no letter or digit right outside"
        elif pairs > wanted:
            yield f"has {pairs} pairs of {mark}…{mark}, the English {wanted}"


@lru_cache(maxsize=4096)
def _paragraphs(text: str) -> int:
    return len(re.split(r"\n{2,}", text.strip()))


def _newline(slot: Slot, text: str) -> Iterator[str]:
    wanted, found = _paragraphs(slot.english), _paragraphs(text)
    if wanted != found:
        yield f"has {found} paragraphs, the English {wanted}: keep the empty lines"


_ERRORS: dict[str, TextRule] = {
    "length": _length,
    "forbidden": _forbidden,
    "url": _url,
    "format": _format,
    "newline": _newline,
}


def _same(slot: Slot, text: str) -> Iterator[str]:
    if text == slot.english and len(text.split()) > 2:
        yield "is the English text"


_ENDS = {"؟": "?", "\u037e": "?", ";": "?", "。": ".", "؛": ";", "…": "."}


def _end(text: str) -> str:
    last = text.rstrip("*_~ \u200e\u200f\u00a0")[-1:]
    last = _ENDS.get(last, last)
    return last if last in ".?!:" else ""


def _punctuation(slot: Slot, text: str) -> Iterator[str]:
    wanted, found = _end(slot.english), _end(text)
    if wanted != found:
        yield f"ends with {found or 'no sign'!r}, the English with {wanted or 'no sign'!r}"


def _space(slot: Slot, text: str) -> Iterator[str]:
    if "  " in text and "  " not in slot.english:
        yield "has two spaces in a row"


def _lines(slot: Slot, text: str) -> Iterator[str]:
    wanted, found = slot.english.count("\n"), text.count("\n")
    if wanted != found:
        yield f"has {found + 1} lines, the English {wanted + 1}"


def _bold(slot: Slot, text: str) -> Iterator[str]:
    for mark in _MARKS:
        wanted, found = _pairs(slot.english, mark)[0], _pairs(text, mark)[0]
        if found < wanted:
            yield f"has {found} pairs of {mark}…{mark}, the English {wanted}"


_WARNINGS: dict[str, TextRule] = {
    "same": _same,
    "punctuation": _punctuation,
    "space": _space,
    "lines": _lines,
    "format": _bold,
}


def _room(slot: Slot, text: str, widest: Mapping[str, str]) -> Iterator[str]:
    size = length(TextTemplate.parse(text).fill(dict(slot.examples) | dict(widest)))
    if size > slot.limit:
        yield (
            f"may grow to {size} characters with the longest values, a {_spaced(slot)} may have {slot.limit}; "
            "shorten it if you can"
        )

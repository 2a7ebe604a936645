"""The PO format, strictly: a catalog file ↔ `PoFile`, byte for byte the same however often it is written.

Babel reads catalogs too, but it takes a missing quote for a shorter text, merges two entries with one id, loses
previous texts and headers that it does not know, and refuses the obsolete entries that Poedit writes (`#~| msgid`).
Here each of these is either kept or reported as an error with its line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.pofile import normalize

from ..errors import FileError, with_cure


class PoError(FileError):
    """A line that is not valid PO; the text begins with `file:line:`."""

    def __init__(self, path: Path | str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {with_cure(message)}")
        self.path, self.line, self.message = Path(path), line, message


@dataclass(frozen=True, slots=True)
class PoEntry:
    """One text of a catalog."""

    id: str
    """`msgctxt`."""
    english: str
    """`msgid`."""
    translation: str = ""
    fuzzy: bool = False
    """Not to be used until a translator has looked at it."""
    previous: str = ""
    """The English that `translation` was made for, when it has changed since."""
    comments: tuple[str, ...] = ()
    """The translators' own comments (`# …`), never touched."""
    notes: tuple[str, ...] = ()
    """The program's comments for translators (`#. …`)."""
    source: str = ""
    flags: tuple[str, ...] = ()
    """Flags other than fuzzy."""
    plural: bool = False
    """Has a `msgid_plural` or a `msgstr[0]`, which no text here needs."""
    line: int = 0

    @property
    def usable(self) -> bool:
        """Whether the translation may be used."""
        return bool(self.translation) and not self.fuzzy

    @property
    def made_for(self) -> str:
        """The English that the translation was made for; empty if nobody has vouched for the translation."""
        if not self.translation:
            return ""
        if not self.fuzzy:
            return self.english
        return "" if self.previous == self.english else self.previous


@dataclass(frozen=True, slots=True)
class PoFile:
    """A whole catalog, or the template of all catalogs."""

    headers: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[PoEntry, ...] = ()
    obsolete: tuple[PoEntry, ...] = ()
    """Texts that no longer exist; their translations are kept in case they return."""
    comments: tuple[str, ...] = ()
    """Above the headers: copyright, translators' names."""
    fuzzy: bool = False
    """Whether the headers are marked fuzzy, which makes tools silently skip the whole catalog."""


def read(path: Path) -> PoFile:
    """Read a catalog. Raises `PoError`, and `OSError` when there is no such file."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PoError(path, line, "is not UTF-8; save the file in UTF-8") from None
    return _Reader(path).read(text.split("\n"))


_FIELD = re.compile(r'([^"]*)"([^"\\]*(?:\\.[^"\\]*)*)"')
"""A keyword, or none, and a text in quotes."""

_KEYWORD = re.compile(r"(previous )?(msgctxt|msgid|msgid_plural)|msgstr(\[\d\])?")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(slots=True)
class _Block:
    """The lines of an entry read so far."""

    line: int = 0
    obsolete: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._number = 0
        self._block = _Block()
        self._keyword = ""
        self._header: _Block | None = None
        self._entries: list[PoEntry] = []
        self._obsolete: list[PoEntry] = []

    def read(self, lines: list[str]) -> PoFile:
        for self._number, line in enumerate(lines, start=1):
            self._line(line.strip())
        self._end()
        if self._header is None:
            raise PoError(self._path, 1, 'has no headers (the entry of msgid ""); restore them from version control')
        return PoFile(
            headers=self._headers(self._header),
            entries=tuple(self._entries),
            obsolete=tuple(self._obsolete),
            comments=tuple(self._header.comments),
            fuzzy="fuzzy" in self._header.flags,
        )

    def _line(self, line: str) -> None:
        match line[:1], line[1:2]:
            case "", _:
                self._end()
            case "#", "~":
                rest = line[2:].strip()
                self._field(f"#{rest}" if rest.startswith("|") else rest, obsolete=True)
            case "#", kind if kind != "|":
                self._comment(line)
            case _:
                self._field(line, obsolete=False)

    def _comment(self, line: str) -> None:
        if "msgid" in self._block.fields:
            self._end()
        block = self._block
        kind, rest = line[1:2], line[2:].strip()
        if kind == ".":
            block.notes.append(rest)
        elif kind == ":":
            block.sources.append(rest)
        elif kind in (",", "="):
            block.flags += [flag.strip() for flag in rest.split(",") if flag.strip()]
        else:
            block.comments.append(line[1:].strip())

    def _field(self, line: str, *, obsolete: bool) -> None:
        before = "previous " if line.startswith("#|") else ""
        line = line[2:].strip() if before else line
        found = _FIELD.fullmatch(line)
        if not found:
            raise self._error("is neither a comment nor a keyword with a text in double quotes; a quote may be missing")
        keyword, text = found[1].strip(), found[2]
        if keyword:
            self._begin(f"{before}{keyword}", obsolete=obsolete)
        elif not self._keyword:
            raise self._error("is a text without msgctxt, msgid or msgstr before it")
        self._block.fields[self._keyword] += self._unescaped(text) if "\\" in text else text

    def _begin(self, keyword: str, *, obsolete: bool) -> None:
        if not _KEYWORD.fullmatch(keyword):
            raise self._error(f"has the unknown keyword {keyword!r}")
        known = self._block.fields
        if keyword in known or (keyword == "msgctxt" and "msgid" in known) or "msgstr" in known:
            self._end()
        if keyword.startswith("msgstr") and "msgid" not in self._block.fields:
            raise self._error("is a msgstr without a msgid before it")
        block = self._block
        block.obsolete = obsolete
        if keyword == "msgid":
            block.line = self._number
        block.fields[keyword] = ""
        self._keyword = keyword

    def _unescaped(self, text: str) -> str:
        for escape in _ESCAPE.finditer(text):
            if escape[1] not in _ESCAPED:
                raise self._error(f"has the unknown escape {escape[0]}; write \\\\ for a backslash")
        return _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], text)

    def _end(self) -> None:
        if not self._block.fields:
            return  # a blank line after comments: they still belong to the next entry
        block, self._block, self._keyword = self._block, _Block(), ""
        if "msgid" not in block.fields or not any(name.startswith("msgstr") for name in block.fields):
            raise self._error("ends an entry that lacks its msgid or msgstr")
        entry = _entry(block)
        if not entry.english and not entry.id and not block.obsolete:
            if self._header is not None:
                raise PoError(self._path, block.line, 'has headers (msgid "") a second time; remove them')
            self._header = block
        elif block.obsolete:
            self._obsolete.append(entry)
        else:
            self._entries.append(entry)

    def _headers(self, block: _Block) -> dict[str, str]:
        headers = {}
        for line in block.fields.get("msgstr", "").strip().splitlines():
            name, colon, value = line.partition(":")
            if not colon:
                raise PoError(self._path, block.line, f"has the header {line!r} without a colon")
            headers[name.strip()] = value.strip()
        return headers

    def _error(self, message: str) -> PoError:
        return PoError(self._path, self._number, message)


def _entry(block: _Block) -> PoEntry:
    fields = block.fields
    return PoEntry(
        id=fields.get("msgctxt", ""),
        english=fields["msgid"],
        translation=fields.get("msgstr", ""),
        fuzzy="fuzzy" in block.flags,
        previous=fields.get("previous msgid", ""),
        comments=tuple(block.comments),
        notes=tuple(block.notes),
        source=" ".join(block.sources),
        flags=tuple(flag for flag in block.flags if flag != "fuzzy"),
        plural="msgid_plural" in fields or any(name.startswith("msgstr[") for name in fields),
        line=block.line,
    )


def written(file: PoFile) -> str:
    """Return the text of a catalog: unwrapped, without dates, in the order of its entries."""
    blocks = ["\n".join(_header_lines(file))]
    blocks += ["\n".join(_lines(entry)) for entry in file.entries]
    blocks += ["\n".join(_lines(entry, "#~ ")) for entry in file.obsolete]
    return "\n\n".join(blocks) + "\n"


def _header_lines(file: PoFile) -> Iterator[str]:
    yield from _commented("#", file.comments)
    if file.fuzzy:
        yield "#, fuzzy"
    yield 'msgid ""'
    yield "msgstr " + normalize("".join(f"{name}: {value}\n" for name, value in file.headers.items()), width=0)


def _lines(entry: PoEntry, prefix: str = "") -> Iterator[str]:
    yield from _commented("#", entry.comments)
    if not prefix:
        yield from _commented("#.", entry.notes)
        if entry.source:
            yield f"#: {entry.source}"
    flags = ("fuzzy",) * entry.fuzzy + (() if prefix else entry.flags)
    if flags:
        yield f"#, {', '.join(flags)}"
    if entry.previous:
        previous = "#~| " if prefix else "#| "
        yield f"{previous}msgid {normalize(entry.previous, prefix=previous, width=0)}"
    for keyword, text in (("msgctxt", entry.id), ("msgid", entry.english), ("msgstr", entry.translation)):
        if keyword != "msgctxt" or text:
            yield f"{prefix}{keyword} {normalize(text, prefix=prefix, width=0)}"


def _commented(mark: str, comments: Iterable[str]) -> Iterator[str]:
    return (f"{mark} {comment}".rstrip() for comment in comments)

"""Reads the rows of a CSV or JSON Lines file, one at a time: any usual encoding, separator and quoting."""

import codecs
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Any, BinaryIO, TypeAlias

import orjson

from ...errors import OperatorError
from .import_formats import OWN, Unreadable, detect, flat, formats, has_address

MOST_LINE = 1 << 20
"""Bytes of a line; a longer line is no row."""

_SEPARATORS = ",;\t|"
_SNIFFED = 1 << 16
_LOOKED_AT = 100
"""Rows whose fields tell the format."""

Raw: TypeAlias = "tuple[int, Mapping[str, Any] | Unreadable]"
"""The number of a row, from 1, and its fields, or why it can't be read."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file, and the name of their format."""

    format: str
    rows: Iterable[Raw]
    sha256: str = ""
    """Of the whole file, hexadecimal; empty where there is no file whose content is known beforehand."""


def digest(file: io.BufferedReader) -> str:
    """Return the SHA-256 of a file, hexadecimal, and go back to its start. Raises `OSError`."""
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return sha256


def read(name: str, file: BinaryIO, format: str | None = None) -> Rows:
    """Return the rows of a file, which are read as they are asked for. Raises `OperatorError`, at any row.

    `name` is for errors; `format` says what the format is, which is otherwise found out by the columns.
    """
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(_Raw(file))
    start = _whole_start(buffered)
    if not start:
        raise OperatorError(f"{name}: is empty; name a file with rows")
    lines = _lines(name, buffered, _encoding(start))
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("["):
        raise OperatorError(f"{name}: is one JSON document; write one object on each line, e.g. with `jq -c '.[]'`")
    if first.lstrip().startswith("{"):
        return _json(name, chain([first], lines), format)
    return _csv(name, chain([first], lines), format)


def objects(rows: Sequence[Mapping[str, Any]], format: str) -> Rows:
    """Return rows that are there already, in a format that is known."""
    return Rows(format, enumerate(map(_flat, rows), 1))


def _json(name: str, lines: Iterator[str] | Iterable[str], format: str | None) -> Rows:
    parsed = _objects(lines)
    head = list(islice(parsed, _LOOKED_AT))  # rows need not have the same fields
    names = {field for _, row in head if not isinstance(row, Unreadable) for field in row}
    chosen = _chosen(name, names, format)
    return Rows(chosen, chain(head, parsed))


def _objects(lines: Iterable[str]) -> Iterator[Raw]:
    for number, line in enumerate((line for line in lines if line.strip()), 1):
        try:
            row = orjson.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield number, _flat(row)
        else:
            yield number, Unreadable("the line is not a JSON object; write one object on each line")


def _flat(row: Mapping[str, Any]) -> Mapping[str, Any] | Unreadable:
    """Return the fields with those inside of others, or why they can't be read."""
    try:
        return dict(flat(row))
    except Unreadable as error:
        return error


def _csv(name: str, lines: Iterator[str] | Iterable[str], format: str | None) -> Rows:
    iterator = iter(lines)
    first = next(iterator)
    separator = max(_SEPARATORS, key=_outside_quotes(first).count)
    records = _records(name, csv.reader(chain([first], iterator), delimiter=separator, strict=True))
    header = [cell.strip() for cell in next(records)]
    if format and formats()[format].list and not has_address(formats()[format], header) and len(header) == 1:
        column = formats()[format].address[0]  # a bare list of numbers
        return Rows(format, _numbered([column], chain([header], records)))
    chosen = _chosen(name, header, format)
    return Rows(chosen, _numbered(header, records))


def _chosen(name: str, names: Iterable[str], format: str | None) -> str:
    columns = list(names)
    chosen = format or detect(columns) or OWN
    if not has_address(formats()[chosen], columns):
        wanted = ", ".join(formats()[chosen].address)
        raise OperatorError(f"{name}: no column with numbers; name it as one of: {wanted}; or say --format")
    return chosen


def _numbered(header: list[str], records: Iterable[list[str]]) -> Iterator[Raw]:
    for number, cells in enumerate((cells for cells in records if any(cell.strip() for cell in cells)), 1):
        if len(cells) > len(header):
            yield number, Unreadable("the row has more cells than the header; put a cell with a separator in quotes")
        else:
            yield (
                number,
                dict(zip(reversed(header), reversed([*cells, *[""] * (len(header) - len(cells))]), strict=True)),
            )


def _records(name: str, reader: "Iterator[list[str]]") -> Iterator[list[str]]:
    number = 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise OperatorError(
                f"{name}: the CSV ends after row {number} ({error}); correct the quotes there"
            ) from None
        number += 1
        yield record


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


# --- bytes


class _Raw(io.RawIOBase):
    """A stream that cannot be peeked into, such as standard input, for a buffer that can."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _whole_start(file: io.BufferedReader) -> bytes:
    return file.peek(_SNIFFED)[:_SNIFFED]


def _encoding(start: bytes) -> str:
    """Return the encoding of a file by its first bytes: UTF-16 with or without its mark, else UTF-8."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(start) > 1 and 0 in start[:2]:
        return "utf-16-be" if start[0] == 0 else "utf-16-le"
    return "utf-8-sig"


def _lines(name: str, file: io.BufferedReader, encoding: str) -> Iterator[str]:
    """Yield the lines of a file; memory stays bounded however long a line is."""
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        for number in count(1):
            try:
                line = text.readline(MOST_LINE)
            except UnicodeDecodeError:
                raise OperatorError(f"{name}: is not UTF-8 in or after line {number}; save the file in UTF-8") from None
            if not line:
                return
            if len(line) >= MOST_LINE:
                raise OperatorError(f"{name}: line {number} is longer than {MOST_LINE} bytes; see what is wrong there")
            yield line.replace("\0", "")
    finally:
        with suppress(ValueError):  # it is closed already
            text.detach()  # whoever has opened the file closes it

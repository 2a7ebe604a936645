"""Splits a message where its writer paused: "no, stop" is two statements, "don't stop" is one."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from .normalise import exact

_PAUSES = re.compile(r"([.!?…\n;؛;؟։⁈⁉‼❗❓]+)|[,:–—،、()\[\]|•]+|\s-\s")
"""What ends a sentence (the group), and what only ends a part of a sentence."""

_ASKING = frozenset("?؟;⁈⁉❓")


class Part(NamedTuple):
    """The range of words between two pauses (end excluded), and the sentence around it."""

    start: int
    end: int
    sentence: tuple[int, int]
    question: bool


def parts(text: str, count: int) -> list[Part]:
    """Return the parts of `text`, whose `exact` form has `count` words; a single part if they can't be told apart."""
    found: list[Part] = []
    sentence: list[tuple[int, int]] = []
    index = start = 0
    for piece, ending in _pieces(text):
        end = index + len(exact(piece).split())
        if end > index:
            sentence.append((index, end))
            index = end
        if ending and sentence:
            asks = not _ASKING.isdisjoint(ending) and "!" not in ending
            found += [Part(*each, (start, index), asks) for each in sentence]
            sentence, start = [], index
    found += [Part(*each, (start, index), question=False) for each in sentence]
    return found if index == count else [Part(0, count, (0, count), question=False)]


def statements(text: str) -> list[str]:
    """Return what is said between two pauses."""
    return [piece for piece, _ in _pieces(text) if piece.strip()]


def joined(found: Sequence[Part], leans: Callable[[int], bool]) -> list[Part]:
    """Return `found` with each part joined to the previous part if its first word depends on it."""
    together: list[Part] = []
    for part in found:
        if part.start > part.sentence[0] and leans(part.start):
            part = together.pop()._replace(end=part.end)
        together.append(part)
    return together


def split_at(parts: Iterable[Part], indices: Collection[int]) -> Iterator[Part]:
    """Yield `parts`, divided before each of `indices`."""
    for part in parts:
        start = part.start
        for index in range(part.start + 1, part.end):
            if index in indices:
                yield part._replace(start=start, end=index)
                start = index
        yield part._replace(start=start)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Return (the text before a pause, the pause if it ends a sentence)."""
    pieces, index = [], 0
    for pause in _PAUSES.finditer(text):
        pieces.append((text[index : pause.start()], pause[1] or ""))
        index = pause.end()
    return [*pieces, (text[index:], "")]

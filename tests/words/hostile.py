"""Texts of 4,096 characters that are as slow to read as a sender can make them, script by script."""

import time
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, cycle, islice

from bot.app.load import load_world
from bot.conversation.session import Session
from bot.messages.inbound import Inbound, MessageId, Sender, Text
from bot.paths import LOCALES
from bot.testing import Conversation
from bot.words import keyword_files

LONGEST = 4096
"""Characters of one WhatsApp text. Meta: messages/text-messages."""

SCRIPTS = {
    "latin": "aäǘẗßŉǆﬃıøłæœĦ",
    "greek": "αάΐὧϓςΣᾀ",
    "cyrillic": "стопйЁѵ҃ӂꙁ",
    "arabic": "اأَّٰىةﻼﷺكـ",
    "hebrew": "שְִֵַּׁׂﬞ",
    "devanagari": "कि्षफ़ो़ऩ",
    "tibetan": "ཀ྄ཱྀིུྲྀ",
    "thai": "กำ่้ิฺ",
    "hangul": "가각ㅎﾡ힣",
    "kana": "がカﾞﾟ゙゚ｶ㌀",
    "han": "停止豈㍿龥",
    "emoji": "👩‍🦽🏽🛑️🇩🇪⃣1",
    "invisible": "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\u180b",
    "blanks": " \t\n\u00a0\u2028.,;!?…_*~",
    "digits": "1٣３①½𝟙",
}
"""A few characters of each script: letters, marks of different combining classes, forms that unfold."""

MARKS = [chr(code) for code in range(0x300, 0x11000) if unicodedata.combining(chr(code))]


def filled(pieces: Sequence[str], between: str = "") -> str:
    """Return a text of the greatest length that repeats `pieces`."""
    parts = chain.from_iterable((piece, between) for piece in cycle(pieces))
    return "".join(islice(parts, LONGEST))[:LONGEST]


def texts() -> Iterator[tuple[str, str]]:
    """Yield (script or language and pattern, text)."""
    yield from _of_signs()
    yield from _of_words()


def _of_words() -> Iterator[tuple[str, str]]:
    """Yield what is made of the words that are looked for."""
    for language, vocabulary in keyword_files.read(LOCALES).items():
        lists = {name: [*words] for name, words in vocabulary.stop.lists()} | {"polite": [*vocabulary.polite]}
        lists["not_after"] = [*vocabulary.stop.not_after]
        for name, words in lists.items():
            if words:
                yield f"{language} {name}", filled(words, " ")
                yield f"{language} {name}, each a statement", filled(words, ". ")
        every = [word for words in lists.values() for word in words]
        if every:
            yield f"{language} beginnings of phrases", filled([word.split()[0] for word in every], " ")
            yield f"{language} without blanks", filled([word.replace(" ", "") for word in every])


def _of_signs() -> Iterator[tuple[str, str]]:
    for script, signs in SCRIPTS.items():
        marks = [sign for sign in signs if unicodedata.combining(unicodedata.normalize("NFKD", sign)[0])]
        yield f"{script} repeated", filled(signs)
        yield f"{script} after a yes", f"ja {filled(signs)}"[:LONGEST]
        yield f"{script} in words of one letter", filled(signs, " ")
        yield f"{script} in words of two letters", filled([a + b for a in signs for b in signs], " ")
        yield from ((f"{script} {sign!a} alone", filled(sign)) for sign in signs)
        if marks:
            yield f"{script} marks on one letter", filled(signs[0] + "".join(marks) * LONGEST)
            yield f"{script} runs of 59 marks", filled(f"{signs[0]}{filled(marks)[:59]}")
            yield f"{script} runs of 29 marks", filled(f"{signs[0]}{filled(marks)[:29]}")
            yield f"{script} marks in falling order", signs[0] + "".join(sorted(filled(marks), key=_falling))[1:]
    yield "blanks runs of 59", filled("a" + "." * 59)
    yield "every mark, in falling order", "a" + "".join(sorted(filled(MARKS), key=_falling))[1:]
    yield "marks that decompose", "a" + "\u0344" * 2048 + "\u0316" * 2047
    yield "half-width voiced marks", "カ" + filled("\u0316ﾞ")[1:]
    yield "ligatures of eighteen letters", filled("ﷺ")


def _falling(sign: str) -> int:
    return -unicodedata.combining(unicodedata.normalize("NFKD", sign)[0])


NOW = 1_767_229_200
"""An hour after those chats began."""


class Stopwatch:
    """Measures the steps of two persons: one who has agreed and is asked for more, and one who is asked first.

    An "xyzzy" of theirs is looked up everywhere, means nothing, and is answered, as most of what is measured here.
    """

    def __init__(self) -> None:
        world, flows = load_world()
        asked, agreed = (Conversation(world, flows).says("hallo") for _ in range(2))
        agreed.says("ja")
        assert [len(talk.session.record.given) for talk in (asked, agreed)] == [0, 1]
        self._dialogue = asked.dialogue
        self._sessions = [asked.session, agreed.session]
        self._plain = [min(self._seconds("xyzzy", session) for _ in range(50)) for session in self._sessions]

    @property
    def plain(self) -> float:
        """Seconds of CPU that a step with an "xyzzy" takes."""
        return max(self._plain)

    def seconds(self, text: str) -> float:
        """Return the CPU time of a step at best: a slow moment of the machine is not the text's."""
        return self.times(text, enough=0, attempts=4) * self.plain

    def times(self, text: str, *, enough: float, attempts: int = 10) -> float:
        """Return how many times an "xyzzy" a step takes; it is tried again until it is less than `enough`.

        Both are measured in turn, so that a slow moment of the machine slows both.
        """
        return max(self._times(text, session, enough, attempts) for session in self._sessions)

    def _times(self, text: str, session: Session, enough: float, attempts: int) -> float:
        least = float("inf")
        for _ in range(attempts):
            taken = self._seconds(text, session)
            plain = max(self._seconds("xyzzy", session) for _ in range(2))
            least = min(least, taken / plain)
            if least < enough:
                break
        return least

    def _seconds(self, text: str, session: Session) -> float:
        inbound = self._inbound(text)
        before = time.thread_time()
        self._dialogue.step(session, inbound, NOW)
        return time.thread_time() - before

    def _inbound(self, text: str) -> Inbound:
        return Inbound(MessageId("m"), Sender("+4915112345678"), NOW, Text(text), NOW)

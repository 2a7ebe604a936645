"""Texts of 4,096 characters that are as slow to read as a sender can make them, script by script."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, cycle, islice

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
    """Yield (script and pattern, text)."""
    for script, signs in SCRIPTS.items():
        marks = [sign for sign in signs if unicodedata.combining(unicodedata.normalize("NFKD", sign)[0])]
        yield f"{script} repeated", filled(signs)
        yield f"{script} in words of one letter", filled(signs, " ")
        yield f"{script} in words of two letters", filled([a + b for a in signs for b in signs], " ")
        yield from ((f"{script} {sign!a} alone", filled(sign)) for sign in signs)
        if marks:
            yield f"{script} marks on one letter", filled(signs[0] + "".join(marks) * LONGEST)
            yield f"{script} marks in falling order", signs[0] + "".join(sorted(filled(marks), key=_falling))[1:]
    yield "every mark, in falling order", "a" + "".join(sorted(filled(MARKS), key=_falling))[1:]
    yield "marks that decompose", "a" + "\u0344" * 2048 + "\u0316" * 2047
    yield "half-width voiced marks", "カ" + filled("\u0316ﾞ")[1:]
    yield "ligatures of eighteen letters", filled("ﷺ")


def _falling(sign: str) -> int:
    return -unicodedata.combining(unicodedata.normalize("NFKD", sign)[0])

"""A4 pages that fill from the top: headings, lines and boxes of text, in any direction of writing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import TextEmphasis

from ..i18n.bidi import runs_right_to_left

FONTS = Path(__file__).parent / "fonts"

_FAMILIES = {"sans": "NotoSans", "arabic": "NotoSansArabic", "hebrew": "NotoSansHebrew"}
_MARGIN = 20.0
_GREY = 110
_UNKNOWN = "\ufffd"
"""Replaces characters that no font here can draw."""

_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))
_UNSEEN = frozenset("\ufe0e\ufe0f\u200d")
"""They only change how a neighbouring character looks."""

_BOLD = re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)")

Style = Literal["", "B"]


class Paper:
    """A document. The same calls make the same bytes."""

    def __init__(self, title: str, language: str, made_at: datetime, *, rtl: bool) -> None:
        """`language` is a locale code, e.g. `pt-BR`; `rtl` tells whether it is written from right to left."""
        self._rtl = rtl
        self._pdf = pdf = _Pdf(format="A4")
        pdf.set_margins(_MARGIN, _MARGIN)
        pdf.set_auto_page_break(auto=True, margin=_MARGIN)
        pdf.set_creation_date(made_at)
        pdf.set_title(plain(title))
        pdf.set_lang(language)
        pdf.set_creator("consentbot")
        pdf.set_producer("consentbot")
        for family, file in _FAMILIES.items():
            pdf.add_font(family, "", FONTS / f"{file}-Regular.ttf")
            pdf.add_font(family, "B", FONTS / f"{file}-Bold.ttf")
        pdf.set_font("sans")
        pdf.set_fallback_fonts([family for family in _FAMILIES if family != "sans"])
        pdf.add_page()
        self._write(title, size=18, style="B", height=9)

    def finished(self) -> bytes:
        """Return the PDF."""
        return bytes(self._pdf.output())

    def heading(self, text: str) -> None:
        """Begin a section; its heading is never the last line of a page."""
        if self._pdf.will_page_break(25):
            self._pdf.add_page()
        self._pdf.ln(4)
        self._write(text, size=13, style="B", height=7)

    def strong(self, text: str) -> None:
        """Write a paragraph in bold."""
        if self._pdf.will_page_break(15):
            self._pdf.add_page()
        self._write(text, style="B")

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._write(text)

    def prose(self, text: str) -> None:
        """Write a text that was made for a chat, without WhatsApp's `*bold*` marks."""
        self._write(_BOLD.sub(r"\1", text))

    def small(self, text: str) -> None:
        """Write a paragraph in small grey letters."""
        with self._colour(_GREY):
            self._write(text, size=8, height=4)

    def box(self, text: str) -> None:
        """Write a text exactly as it is, in a box, each line in its own direction."""
        self._write(text, filled=True)

    def gap(self) -> None:
        """Leave a small gap."""
        self._pdf.ln(2)

    @contextmanager
    def _colour(self, grey: int) -> Iterator[None]:
        self._pdf.set_text_color(grey)
        yield
        self._pdf.set_text_color(0)

    def _write(
        self, text: str, *, size: float = 10, style: Style = "", height: float = 5, filled: bool = False
    ) -> None:
        self._pdf.set_font("sans", style, size)
        self._pdf.set_fill_color(238)
        for line in text.splitlines():
            rtl = runs_right_to_left(line) if filled else self._rtl
            self._pdf.set_text_shaping(use_shaping_engine=True, direction="rtl" if rtl else "ltr")
            self._pdf.multi_cell(
                0,
                height,
                drawable(line) or " ",
                align="R" if rtl else "L",
                fill=filled,
                new_x="LMARGIN",
                new_y="NEXT",
            )


class _Pdf(FPDF):
    """Numbers its pages, and declares every font before it is used.

    fpdf2 2.8 declares a font with the first words that need it. If these are in another script, it restores the
    previous font at the end of their line and draws the following lines in that font.
    """

    def set_font(self, family: str | None = None, style: str | TextEmphasis = "", size: float = 0) -> None:
        super().set_font(family, style, size)
        self._write_font()

    def add_page(self, *arguments: Any, **named: Any) -> None:
        super().add_page(*arguments, **named)
        self._write_font()

    def _write_font(self) -> None:
        if self.page and self.font_family:
            self.text(self.x, self.y, "")

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("sans", "", 8)
        self.cell(0, 5, str(self.page_no()), align="C")


def plain(text: str) -> str:
    """Return a text without the invisible characters that isolate a writing direction."""
    return text.translate(_ISOLATES)


def drawable(line: str) -> str:
    """Return a line with a replacement for each character that no font here has."""
    known = _characters()
    return "".join(
        character if ord(character) in known else _UNKNOWN
        for character in line.replace("\t", " ")
        if character not in _UNSEEN
    )


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    found: set[int] = set()
    for file in _FAMILIES.values():
        with TTFont(FONTS / f"{file}-Regular.ttf", lazy=True) as font:
            found.update(font.getBestCmap())
    return frozenset(found)

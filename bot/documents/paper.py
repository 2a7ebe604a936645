"""A4 pages that fill from the top: headings, lines and boxes of text, in any direction of writing.

What belongs together stays on one page, and so does each box, unless it is longer than a page.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import segno
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import TextEmphasis

from ..i18n.bidi import plain, runs_right_to_left

FONTS = Path(__file__).parent / "fonts"

_FAMILIES = {"sans": "NotoSans", "arabic": "NotoSansArabic", "hebrew": "NotoSansHebrew"}
_MARGIN = 20.0
"""Millimetres, as all lengths here."""
_TOP = 28.0
"""Where the text begins, below the running head."""
_RULE = 19.0
"""Where the line under the running head is."""
_PADDING = 2.5
"""Between a box and its text."""
_CODE = 42.0
"""Side of a QR code."""
_GREY, _LINE, _SHADE = 100, 210, 242
_UNKNOWN = "\ufffd"
"""Replaces characters that no font here can draw."""

_UNSEEN = frozenset("\ufe0e\ufe0f\u200d")
"""They only change how a neighbouring character looks."""

_BOLD = re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)")
_MARK = "\x0e\x0f"
"""Begins and ends bold letters. No text has it: `drawable` replaces control characters, since no font has them."""

Style = Literal["", "B"]


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Text in one size and style."""

    text: str
    size: float = 10
    height: float = 5
    """Of a line."""
    style: Style = ""
    grey: bool = False
    boxed: bool = False
    """Whether it is somebody's own words: in a box, each line in its own direction."""
    above: float = 0
    """The gap above it, except at the top of a page."""


class Paper:
    """A document. The same calls make the same bytes."""

    def __init__(self, title: str, language: str, made_at: datetime, *, rtl: bool, author: str) -> None:
        """`language` is a locale code, e.g. `pt-BR`; `rtl` tells whether it is written from right to left."""
        self._rtl = rtl
        self._made_at = made_at
        self._head = plain(title)
        self._ahead: list[_Paragraph] = []
        """Headings that wait for what follows them."""
        self._held: list[_Paragraph] | None = None
        """What belongs together, until it is complete."""
        self._pdf = pdf = _Pdf(format="A4")
        pdf.set_margins(_MARGIN, _TOP, _MARGIN)
        pdf.set_auto_page_break(auto=True, margin=_MARGIN)
        pdf.set_creation_date(made_at)
        pdf.set_title(plain(title))
        pdf.set_lang(language)
        pdf.set_author(plain(author))
        pdf.set_producer("")
        for family, file in _FAMILIES.items():
            pdf.add_font(family, "", FONTS / f"{file}-Regular.ttf")
            pdf.add_font(family, "B", FONTS / f"{file}-Bold.ttf")
        pdf.set_font("sans")
        pdf.set_draw_color(_LINE)
        pdf.set_fallback_fonts([family for family in _FAMILIES if family != "sans"])
        pdf.add_page()
        self._add(_Paragraph(title, size=18, height=9, style="B"))

    def finished(self, page: Callable[[int, int], str]) -> bytes:
        """Return the PDF; `page` returns what stands under page number n of m."""
        self._place([])
        pdf = self._pdf
        pdf.set_auto_page_break(auto=False)
        for number in range(1, pdf.pages_count + 1):
            pdf.turn_to(number)
            self._at_the_edge(12, self._head)
            self._at_the_edge(-14, page(number, pdf.pages_count))
        return bytes(pdf.output())

    def attach(self, name: str, content: bytes, kind: str) -> None:
        """Put a file into the document; `kind` is its MIME type."""
        self._pdf.embed_file(
            bytes=content, basename=name, mime_type=kind, modification_date=self._made_at, compress=True
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep what is written on one page."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
        self._place(held)

    def heading(self, text: str) -> None:
        """Begin a section; its heading stays with what follows."""
        self._ahead.append(_Paragraph(text, size=13, height=8, style="B", above=6))

    def strong(self, text: str) -> None:
        """Write a paragraph in bold."""
        self._add(_Paragraph(text, style="B", above=3))

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._add(_Paragraph(text))

    def small(self, text: str) -> None:
        """Write a paragraph in small grey letters."""
        self._add(_Paragraph(text, size=8, height=4.2, grey=True))

    def box(self, text: str) -> None:
        """Write a text as WhatsApp shows it, in a box, each line in its own direction."""
        self._add(_Paragraph(text, boxed=True, above=1))

    def gap(self) -> None:
        """Leave a small gap."""
        if not self._at_the_top:
            self._pdf.ln(2)

    def code(self, content: str) -> None:
        """Draw a QR code (ISO/IEC 18004)."""
        pdf = self._pdf
        if pdf.will_page_break(_CODE + 4):
            pdf.add_page()
        code = segno.make_qr(content, error="m")
        side = _CODE / code.symbol_size(border=0)[0]
        left = pdf.w - _MARGIN - _CODE if self._rtl else _MARGIN
        top = pdf.get_y() + 2
        pdf.set_fill_color(0)
        for row, modules in enumerate(code.matrix):
            for first, last in _runs(modules):
                pdf.rect(left + first * side, top + row * side, (last - first) * side, side, style="F")
        pdf.set_y(top + _CODE + 2)

    # --- placing

    @property
    def _at_the_top(self) -> bool:
        return self._pdf.get_y() <= _TOP

    def _add(self, paragraph: _Paragraph) -> None:
        if self._held is None:
            self._place([paragraph])
        else:
            self._held.append(paragraph)

    def _place(self, paragraphs: Sequence[_Paragraph]) -> None:
        together, self._ahead = [*self._ahead, *paragraphs], []
        heights = [self._height_of(paragraph) for paragraph in together]
        self._make_room(sum(heights))
        for paragraph, height in zip(together, heights, strict=True):
            self._make_room(height)
            self._draw(paragraph, height - paragraph.above)

    def _make_room(self, height: float) -> None:
        """Begin a page if something of this height fits there, but not on the rest of this page."""
        pdf = self._pdf
        if not self._at_the_top and pdf.will_page_break(height) and height <= pdf.h - _TOP - _MARGIN:
            pdf.add_page()

    def _height_of(self, paragraph: _Paragraph) -> float:
        padding = 2 * _PADDING if paragraph.boxed else 0
        return paragraph.above + padding + self._written(paragraph, self._pdf.epw - padding, dry=True)

    def _draw(self, paragraph: _Paragraph, height: float) -> None:
        """Draw a paragraph of this height, without the gap above it."""
        pdf = self._pdf
        if not self._at_the_top:
            pdf.ln(paragraph.above)
        if not paragraph.boxed:
            self._written(paragraph, pdf.epw)
            return
        width = pdf.epw - 2 * _PADDING
        whole = not pdf.will_page_break(height)
        if whole:
            pdf.set_fill_color(_SHADE)
            pdf.rect(_MARGIN, pdf.get_y(), pdf.epw, height, style="F", round_corners=True, corner_radius=1.5)
            pdf.set_y(pdf.get_y() + _PADDING)
        self._written(paragraph, width, left=_MARGIN + _PADDING, filled=not whole)
        if whole:
            pdf.set_y(pdf.get_y() + _PADDING)

    def _written(
        self,
        paragraph: _Paragraph,
        width: float,
        *,
        left: float = _MARGIN,
        filled: bool = False,
        dry: bool = False,
    ) -> float:
        """Write a paragraph, or with `dry` only measure it; return its height."""
        pdf, height = self._pdf, 0.0
        pdf.set_font("sans", paragraph.style, paragraph.size)
        pdf.set_text_color(_GREY if paragraph.grey else 0)
        pdf.set_fill_color(_SHADE)
        for line in paragraph.text.splitlines():
            rtl = runs_right_to_left(line) if paragraph.boxed else self._rtl
            pdf.set_text_shaping(use_shaping_engine=True, direction="rtl" if rtl else "ltr")
            if not dry:
                pdf.set_x(left)
            used = pdf.multi_cell(
                width,
                paragraph.height,
                _BOLD.sub(rf"{_MARK}\1{_MARK}", drawable(line)) or " ",
                align="R" if rtl else "L",
                fill=filled,
                markdown=True,
                new_x="LMARGIN",
                new_y="NEXT",
                dry_run=dry,
                output="HEIGHT",
            )
            height += cast(float, used)
        return height

    def _at_the_edge(self, y: float, text: str) -> None:
        """Write a line at the top or, with a negative `y`, at the foot of the current page."""
        pdf = self._pdf
        pdf.set_font("sans", "", 8)
        pdf.set_text_color(_GREY)
        pdf.set_text_shaping(use_shaping_engine=True, direction="rtl" if self._rtl else "ltr")
        pdf.set_y(y)
        pdf.cell(0, 5, drawable(text), align="R" if self._rtl else "L")


class _Pdf(FPDF):
    """Declares every font before it is used, and knows no markup but bold letters.

    fpdf2 2.8 declares a font with the first words that need it. If these are in another script, it restores the
    previous font at the end of their line and draws the following lines in that font.
    """

    MARKDOWN_BOLD_MARKER = _MARK
    MARKDOWN_MARKERS = (_MARK, _MARK, _MARK, _MARK)
    MARKDOWN_ESCAPE_CHARACTER = "\x10"
    MARKDOWN_LINK_REGEX = re.compile("(?!)")

    def set_font(self, family: str | None = None, style: str | TextEmphasis = "", size: float = 0) -> None:
        super().set_font(family, style, size)
        self._write_font()

    def add_page(self, *arguments: Any, **named: Any) -> None:
        super().add_page(*arguments, **named)
        self._write_font()
        self.line(_MARGIN, _RULE, self.w - _MARGIN, _RULE)

    def turn_to(self, number: int) -> None:
        """Go on writing on another page, which does not know yet which font is in use."""
        self.page = number
        self.current_font_is_set_on_page = False

    def _write_font(self) -> None:
        if self.page and self.font_family:
            self.text(self.x, self.y, "")


def _runs(modules: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where dark modules begin and end in a row of a QR code."""
    row = "".join("1" if dark else "0" for dark in modules)
    for found in re.finditer("1+", row):
        yield found.span()


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

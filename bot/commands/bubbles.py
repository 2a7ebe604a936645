"""A chat in the terminal: what was typed on the right, what the bot says on the left, with its buttons."""

import re
from collections.abc import Iterator
from pathlib import Path

from rich.align import Align
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from ..channels.simulator.sent import Sent
from ..messages.reply import Button, Row

_WIDEST = 64

_URL = re.compile(r"https?://\S+")

_BOLD = re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)")


def show_said(console: Console, text: str) -> None:
    """Show what the person typed."""
    bubble = Panel(Text(text), border_style="green", expand=False, width=_width(console, text))
    console.print(Align.right(bubble))


def show_reply(console: Console, business: str, reply: Sent, saved: Path | None = None) -> None:
    """Show a message of the bot; its buttons carry the numbers by which they are tapped.

    Where its document was `saved` and long links follow below, each on a line of its own so that it can be opened.
    """
    width = min(_WIDEST, console.width)
    inside = Text("\n\n").join(_blocks(reply))
    console.print(Panel(inside, title=escape(business), title_align="left", border_style="blue", width=width))
    links = [*_URL.findall(reply.text), *([reply.link.url] if reply.link else [])]
    too_long = (link for link in links if len(link) > width - 4)  # a border and a blank on either side
    for opened in (*too_long, *([str(saved)] if saved else [])):
        console.print(Text(opened, style="cyan"), soft_wrap=True)


def _blocks(reply: Sent) -> Iterator[Text]:
    """Yield the content of the bubble from top to bottom; a caption comes under its document, as in WhatsApp."""
    if reply.header:
        yield Text(reply.header, style="bold")
    if reply.document:
        yield Text(f"📄 {reply.document}", style="cyan")
    if reply.text:
        yield Text.from_markup(_marked(reply.text))
    if reply.footer:
        yield Text(reply.footer, style="dim")
    if reply.link:
        yield Text(f"{reply.link.title}: {reply.link.url}", style="cyan")
    if reply.choices:
        yield Text("\n").join(_numbered(number, choice) for number, choice in enumerate(reply.choices, 1))


def _numbered(number: int, choice: Button | Row) -> Text:
    """Return a button or row with the number that taps it."""
    description = choice.description if isinstance(choice, Row) else ""
    return Text.assemble((f"/{number} ", "cyan"), (choice.title, "bold cyan"), (f"  {description}", "dim"))


def _marked(text: str) -> str:
    """Turn WhatsApp's *bold* into rich's."""
    return _BOLD.sub(r"[bold]\1[/]", escape(text))


def _width(console: Console, text: str) -> int:
    longest = max(map(cell_len, text.splitlines() or [""]))
    return min(max(longest + 4, 8), _WIDEST, console.width)

"""A chat in the terminal: what was typed on the right, what the bot says on the left, with its buttons."""

import re

from rich.align import Align
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from bot.channels.simulator.sent import Sent
from bot.conversation.reply import Row

_WIDEST = 64

_BOLD = re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)")


def show_said(console: Console, text: str) -> None:
    """Show what the person typed."""
    bubble = Panel(Text(text), border_style="green", expand=False, width=_width(console, text))
    console.print(Align.right(bubble))


def show_reply(console: Console, business: str, reply: Sent) -> None:
    """Show a message of the bot; its buttons carry the numbers by which they are tapped."""
    parts = [Text.from_markup(_marked(reply.text))]
    if reply.header:
        parts.insert(0, Text(f"{reply.header}\n", style="bold"))
    if reply.document:
        parts.append(Text(f"\n📄 {reply.document}", style="cyan"))
    if reply.footer:
        parts.append(Text(f"\n{reply.footer}", style="dim"))
    if reply.link:
        parts.append(Text(f"\n{reply.link.title}: {reply.link.url}", style="cyan"))
    if reply.choices:
        parts.append(Text())
    for number, choice in enumerate(reply.choices, 1):
        description = choice.description if isinstance(choice, Row) else ""
        parts.append(Text.assemble((f"/{number} ", "cyan"), (choice.title, "bold cyan"), (f"  {description}", "dim")))
    width = min(_WIDEST, console.width)
    console.print(Panel(Group(*parts), title=escape(business), title_align="left", border_style="blue", width=width))


def _marked(text: str) -> str:
    """Turn WhatsApp's *bold* into rich's."""
    return _BOLD.sub(r"[bold]\1[/]", escape(text))


def _width(console: Console, text: str) -> int:
    longest = max(map(len, text.splitlines() or [""]))
    return min(max(longest + 4, 8), _WIDEST, console.width)

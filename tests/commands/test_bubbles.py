"""Bubbles in the terminal: what stands in them and in which order, and what must stand in one line below."""

from pathlib import Path

from rich.console import Console

from bot.channels.simulator.sent import Sent
from bot.commands.bubbles import show_reply
from bot.messages.reply import Button, Link, Row


def drawn(width: int = 40, saved: Path | None = None, **parts: object) -> list[str]:
    """A message as it is drawn: its lines without the border."""
    console = Console(width=width, color_system=None)
    with console.capture() as screen:
        show_reply(console, "Blumen Haas", Sent(id="1", recipient="+1", type="text", **parts), saved)  # type: ignore[arg-type]
    return [line.strip("│ ") for line in screen.get().splitlines() if line[0] not in "╭╰"]


def test_a_document_without_a_caption_shows_only_its_name() -> None:
    assert drawn(document="data.pdf") == ["📄 data.pdf"]


def test_a_caption_stands_under_its_document() -> None:
    assert drawn(document="data.pdf", text="Yours.") == ["📄 data.pdf", "", "Yours."]


def test_the_path_of_a_saved_document_is_never_wrapped() -> None:
    path = Path("/a/folder/with/a/name/that/is/long/enough/data.pdf")
    assert drawn(document="data.pdf", saved=path)[-1] == str(path)


def test_parts_are_separated_by_blank_lines_and_choices_are_not() -> None:
    lines = drawn(header="Head", text="*Body*", footer="Foot", buttons=(Button("yes", "Yes"), Button("no", "No")))
    assert lines == ["Head", "", "Body", "", "Foot", "", "/1 Yes", "/2 No"]
    assert drawn(text="Body", rows=(Row("a", "One", "the first"),)) == ["Body", "", "/1 One  the first"]


def test_a_link_that_does_not_fit_is_shown_again_in_one_line() -> None:
    long, short = f"https://a.example/{'x' * 40}", "https://a.example/y"
    assert drawn(text=f"See {short} and {long}")[-1] == long
    assert drawn(text="See", link=Link("Page", long))[-1] == long
    assert drawn(text=f"See {short}") == [f"See {short}"]

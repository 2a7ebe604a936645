"""A program whose dialogue fails on some messages, and quotes them: `python -m tests.quoting all`."""

from typing import Any

from bot.commands.cli import main
from bot.conversation.dialogue import Dialogue, Step
from bot.conversation.session import Session
from bot.messages.inbound import Inbound, Text

CUE = "break"
"""A message that holds it cannot be answered."""

_step = Dialogue.step


def failing(self: Dialogue, session: Session, inbound: Inbound, *arguments: Any) -> Step:
    """Do a step, but for messages with the cue."""
    if isinstance(inbound.content, Text) and CUE in inbound.content.body:
        raise RuntimeError(f"can't step {inbound} in {session}")
    return _step(self, session, inbound, *arguments)


if __name__ == "__main__":
    Dialogue.step = failing  # type: ignore[method-assign, assignment]
    main()

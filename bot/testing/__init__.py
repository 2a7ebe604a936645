"""Tests of dialogues: talk to them as in a chat, or play transcripts. In memory, without engines.

A chat, in a test of your own::

    from consentbot.testing import Conversation, load_world

    def test_a_clear_yes_subscribes() -> None:
        chat = Conversation(*load_world(), locale="fr")
        chat.says("bonjour")
        assert chat.said == ["opt_in.ask"]
        chat.says("oui")
        assert chat.ledger[-2] == "given order_updates fr"

Transcripts, which need no Python (`bot.testing.transcript` describes the format)::

    import pytest
    from consentbot.testing import find_transcripts, load_world, run_transcript

    WORLD = load_world(flows="my_flows")

    @pytest.mark.parametrize("transcript", find_transcripts("my_transcripts"), ids=str)
    def test_transcript(transcript) -> None:
        run_transcript(transcript, *WORLD)

`python -m bot.testing my_transcripts` plays them without pytest, and with `--update` writes into them what happens
now: read the difference before you keep it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..app.load import load_world
    from .conversation import Conversation
    from .playing import run_transcript
    from .transcript import Transcript, find_transcripts, load_transcript
    from .update import update_transcript

_DEFINED_IN = {
    "load_world": "..app.load",
    "Conversation": ".conversation",
    **dict.fromkeys(("Transcript", "find_transcripts", "load_transcript"), ".transcript"),
    "run_transcript": ".playing",
    "update_transcript": ".update",
}
"""The module of each name: imported at first use, so that `__main__` can tell which package is missing."""

__all__ = [
    "Conversation",
    "Transcript",
    "find_transcripts",
    "load_transcript",
    "load_world",
    "run_transcript",
    "update_transcript",
]


def __getattr__(name: str) -> Any:
    if name not in _DEFINED_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_DEFINED_IN[name], __name__), name)

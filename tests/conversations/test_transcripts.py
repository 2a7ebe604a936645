"""Every transcript in this folder, in each of its languages, as `python -m bot.testing tests/conversations` does."""

from pathlib import Path

import pytest

from bot.app.load import load_world
from bot.testing import Transcript, find_transcripts, run_transcript

WORLD = load_world()


@pytest.mark.parametrize("transcript", find_transcripts(Path(__file__).parent), ids=str)
def test_transcript(transcript: Transcript) -> None:
    run_transcript(transcript, *WORLD)

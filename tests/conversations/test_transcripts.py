"""Every transcript in this folder, in each of its languages, as `python -m bot.testing tests/conversations` does."""

from pathlib import Path

import pytest

from bot.testing import Transcript, find_transcripts, run_transcript
from tests.shipped import read_once

WORLD = read_once()


@pytest.mark.parametrize("transcript", find_transcripts(Path(__file__).parent), ids=str)
def test_transcript(transcript: Transcript) -> None:
    run_transcript(transcript, *WORLD)

"""Many programs start here, so what they have in common is read once."""

import pytest

from tests.service.dialogues import read_once


@pytest.fixture(autouse=True)
def _dialogues_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runtime.load_world", read_once)

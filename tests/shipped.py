"""The dialogues and words that are shipped, read once in a process: that takes seconds, and nothing changes them."""

from functools import cache
from pathlib import Path
from unittest.mock import patch

from bot.app.load import load_world
from bot.conversation.flow import Flows
from bot.conversation.world import World
from bot.paths import FLOWS, LOCALES
from bot.words.intents import Keywords

load_keywords = Keywords.load
_keywords: dict[tuple[bytes, ...], Keywords] = {}


def keywords_of(folder: Path) -> Keywords:
    """Do as `Keywords.load`, but read files with the same contents once."""
    files = (folder / "keywords.toml", folder / "ordinary.toml", *sorted(folder.glob("*/keywords.toml")))
    contents = tuple(path.read_bytes() for path in files if path.exists())
    if contents not in _keywords:
        _keywords[contents] = load_keywords(folder)
    return _keywords[contents]


def read_once(
    flows: str | Path = FLOWS,
    locales: str | Path = LOCALES,
    business: str | Path | None = None,
    *,
    host_purpose: str | None = None,
    draft: str = "",
) -> tuple[World, Flows]:
    """Do as `load_world`, once for the same arguments."""
    return _read(Path(flows), Path(locales), business, host_purpose, draft)


@cache
def _read(
    flows: Path, locales: Path, business: str | Path | None, host_purpose: str | None, draft: str
) -> tuple[World, Flows]:
    with patch.object(Keywords, "load", keywords_of):
        return load_world(flows, locales, business, host_purpose=host_purpose, draft=draft)

"""What the server that forks doomed workers loads before the first one: the program and its dialogues."""

from bot.app.load import load_world
from tests.crash import doomed

load_world()

__all__ = ["doomed"]

"""What the server that forks doomed workers loads before the first one: the program and its dialogues."""

from tests.crash import doomed
from tests.shipped import read_once

read_once()

__all__ = ["doomed"]

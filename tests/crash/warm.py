"""What the server that forks doomed workers loads before the first one: the program and its dialogues."""

from tests.crash import doomed
from tests.service.dialogues import read_once

read_once(business=None, host_purpose=None)

__all__ = ["doomed"]

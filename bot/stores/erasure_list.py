"""The list of erasures: a file beside the backups, so that whoever was erased stays so when one is restored.

A restored PostgreSQL has forgotten what was erased after the backup. The file holds ids that tell nothing, keyed
hashes, purposes and dates. A host whose disk does not last copies it: `python -m bot replay-erasures --write FILE`.
"""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import structlog

from bot.consent.erasure import Erasure, from_line, to_line

log = structlog.get_logger(__name__)

NAME = "erasures.jsonl"
"""In VAR_DIR."""

_CURE = "make VAR_DIR writable, or run `replay-erasures --write FILE` and keep the file with the backups"


class ErasureList:
    """The file. Implements `service.erase.ErasureList`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def add(self, erasure: Erasure) -> None:
        """Write one and wait until the disk has it. Where nothing can be written that is logged: the table has it."""
        try:
            await asyncio.to_thread(_append, self._path, to_line(erasure))
        except OSError as error:
            log.error("erasure_not_listed", error=type(error).__name__, cure=_CURE)


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":  # the last writer was killed in between
            line = b"\n" + line
        os.write(file, line)
        os.fsync(file)
    finally:
        os.close(file)
    if new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> tuple[list[Erasure], int]:
    """Return the erasures of a file, and how many lines of it are not whole. Raises `OSError`."""
    found, broken = [], 0
    for line in path.read_bytes().splitlines():
        try:
            found.append(from_line(line))
        except ValueError:
            broken += bool(line.strip())
    return found, broken


def write(path: Path, erasures: Iterable[Erasure]) -> None:
    """Write a whole list anew, aside and moved in place when it is whole. Raises `OSError`."""
    aside = path.with_name(path.name + ".new")
    file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "wb") as output:
        output.writelines(map(to_line, erasures))
        output.flush()
        os.fsync(output.fileno())
    aside.replace(path)
    _sync_folder(path.parent)

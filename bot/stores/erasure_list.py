"""The list of erasures: a file beside the backups, so that erased persons stay erased when a backup is restored.

A restored PostgreSQL does not know what was erased after the backup. The file holds opaque ids, keyed hashes, purposes
and dates; each hash is removed when its own time is over. On a host without a permanent disk, copy the file with
`python -m bot replay-erasures --write FILE`.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from ..consent.erasure import Erasure, from_line, still_kept, to_line

log = structlog.get_logger(__name__)

NAME = "erasures.jsonl"
"""In VAR_DIR."""

_CURE = "make VAR_DIR writable, or run `replay-erasures --write FILE` and keep the file with the backups"


class ErasureList:
    """The file. Implements `service.rights.erase.ErasureList`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def add(self, erasure: Erasure) -> None:
        """Append an erasure and wait until it is on disk. If that fails, only log it: the table has the erasure too."""
        try:
            await asyncio.to_thread(_append, self._path, to_line(erasure))
        except OSError as error:
            log.error("erasure_not_listed", error=type(error).__name__, cure=_CURE)

    async def forget(self, now: float, suppression_seconds: int) -> None:
        """Remove the keyed hashes whose time is over. If that fails, only log it."""
        try:
            await asyncio.to_thread(_forget, self._path, now, suppression_seconds)
        except OSError as error:
            log.error("erasure_list_not_shortened", error=type(error).__name__, cure=_CURE)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lock out other writers, including those in other processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _append(path: Path, line: bytes) -> None:
    with _alone(path):
        _append_alone(path, line)


def _append_alone(path: Path, line: bytes) -> None:
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":  # the last writer was killed halfway
            line = b"\n" + line
        os.write(file, line)
        os.fsync(file)
    finally:
        os.close(file)
    if new:
        _sync_folder(path.parent)


def _forget(path: Path, now: float, suppression_seconds: int) -> None:
    if not path.exists():
        return
    with _alone(path):
        before = path.read_bytes().splitlines(keepends=True)
        after = [_shortened(line, now, suppression_seconds) for line in before]
        if after != before:
            _replace(path, after)


def _shortened(line: bytes, now: float, suppression_seconds: int) -> bytes:
    """Return a line without what has expired; an incomplete line stays for the operator to see."""
    try:
        erasure = from_line(line)
    except ValueError:
        return line
    left = still_kept(erasure, now, suppression_seconds)
    if left == erasure:
        return line
    return to_line(left) if left.person else b""


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> tuple[list[Erasure], int]:
    """Return the erasures in a file, and how many of its lines are incomplete. Raises `OSError`."""
    found, broken = [], 0
    for line in path.read_bytes().splitlines():
        try:
            found.append(from_line(line))
        except ValueError:
            broken += bool(line.strip())
    return found, broken


def write(path: Path, erasures: Iterable[Erasure]) -> None:
    """Write the whole list to a new file, then move it into place. Raises `OSError`."""
    if path.is_dir():  # e.g. `.`, which has no name that could be given to the new file
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    _replace(path, map(to_line, erasures))


def _replace(path: Path, lines: Iterable[bytes]) -> None:
    aside = path.with_name(path.name + ".new")
    file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "wb") as output:
        output.writelines(lines)
        output.flush()
        os.fsync(output.fileno())
    aside.replace(path)
    _sync_folder(path.parent)

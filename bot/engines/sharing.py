"""Who uses the embedded engines: the first process starts them, the last one to leave stops them.

Two lock files in `VAR_DIR`, both held by `flock`, which the kernel releases however a process dies, so nothing goes
stale. `engines.lock` is held while somebody starts or stops engines; on `engines.users` every user holds a
shared lock for as long as it uses them, so whoever gets it exclusively is alone.
"""

import asyncio
import fcntl
import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..settings import Settings
from .postgres import ACCOUNT, Postgres
from .process import EngineError, forget_ended, writing
from .valkey import Valkey

_LONGEST_SOCKET_PATH = 103
"""Bytes of a unix socket's path: 108 with the closing zero on Linux, 104 on macOS."""

_LONGEST_SOCKET_NAME = len(".s.PGSQL.5432.lock")


@dataclass(frozen=True, slots=True)
class Engines:
    """Where to reach Redis and PostgreSQL; `valkey` and `postgres` are None where the environment names a URL."""

    redis_url: str = field(repr=False)
    database_url: str = field(repr=False)
    valkey: Valkey | None = None
    postgres: Postgres | None = None
    home: Path | None = None

    @property
    def valkey_pid(self) -> int | None:
        """The embedded Valkey's process id; None if it is not running or not ours."""
        return self.valkey.pid if self.valkey else None

    @property
    def postgres_pid(self) -> int | None:
        """The embedded PostgreSQL's process id; None if it is not running or not ours."""
        return self.postgres.pid if self.postgres else None

    def restart(self) -> None:
        """Restart what was killed; the URLs stay the same. Raises `EngineError`."""
        if self.home is None:
            return
        with _locked(self.home):
            for engine in (self.valkey, self.postgres):
                if engine is not None:
                    engine.start()


@contextmanager
def engines_sync(settings: Settings, *, durable: bool = True) -> Iterator[Engines]:
    """Yield the engines of `settings`; those without a URL run, shared through `VAR_DIR`, until the last user leaves.

    `durable=False` is for tests. Raises `EngineError`.
    """
    given_redis = settings.redis_url.get_secret_value() if settings.redis_url else None
    given_database = settings.database_url.get_secret_value() if settings.database_url else None
    if given_redis and given_database:
        yield Engines(given_redis, given_database)
        return

    home = settings.var_dir.resolve()
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        sockets = _socket_folder(home)
        users = _open(home / "engines.users")
    valkey, postgres = Valkey(home, sockets, durable), Postgres(home, sockets, durable)
    try:
        with writing(home), _locked(home):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not given_redis:
                valkey.start()
            if not given_database:
                postgres.start()
        yield Engines(
            given_redis or valkey.url,
            given_database or postgres.url,
            None if given_redis else valkey,
            None if given_database else postgres,
            home,
        )
    finally:
        with _locked(home):
            if _is_last(users):
                valkey.stop()
                postgres.stop()
            os.close(users)
        forget_ended()


@asynccontextmanager
async def engines(settings: Settings, *, durable: bool = True) -> AsyncIterator[Engines]:
    """Do what `engines_sync` does without blocking the event loop; a cancelled start is undone."""
    loop = asyncio.get_running_loop()
    stack = ExitStack()
    with ThreadPoolExecutor(1, "engines") as thread:  # one thread, so that leaving waits for a start under way
        try:
            yield await loop.run_in_executor(thread, stack.enter_context, engines_sync(settings, durable=durable))
        finally:
            await loop.run_in_executor(thread, stack.close)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    lock = _open(home / "engines.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_last(users: int) -> bool:
    """Whether nobody else uses the engines. Called under the lock, so nobody can come in meanwhile."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _socket_folder(home: Path) -> Path:
    """Return `run` in `home`, or a private folder in /tmp if that path is too long or has a comma (it separates hosts).

    The folder depends on `home` alone, so that all processes find it. Raises `EngineError` if it belongs to somebody
    else, who could listen in.
    """
    folder = home / "run"
    if len(os.fsencode(folder)) + 1 + _LONGEST_SOCKET_NAME <= _LONGEST_SOCKET_PATH and "," not in str(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
    temporary = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
    folder = temporary / f"consentbot-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    ours = {os.geteuid(), *(user.pw_uid for user in pwd.getpwall() if user.pw_name == ACCOUNT and os.geteuid() == 0)}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours or status.st_mode & 0o077:
        raise EngineError(f"{folder} belongs to somebody else or is open to others; remove it, or set another VAR_DIR")
    return folder

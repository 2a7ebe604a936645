"""Starts and ends an engine's process, which outlives the process that started it."""

import importlib.util
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import OperatorError

START_SECONDS = 60.0
"""Seconds for a start, which includes reading a large append-only file or recovering from a crash."""

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}

_POLL_SECONDS = 0.005
_KEPT_LOG_LINES = 12
_started: dict[int, subprocess.Popen[bytes]] = {}


class EngineError(OperatorError):
    """An embedded engine cannot run; the text says why and what to do instead."""


class NotInstalledError(EngineError):
    """The `embedded` extra is not installed, or has no binary for this platform."""


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Turn a failure to write in VAR_DIR into `EngineError`."""
    try:
        yield
    except OSError as error:
        raise EngineError(f"VAR_DIR, {home}: {error.strerror}; {CURE}") from None


CURE = "set VAR_DIR to a folder in which this user may write"


def packaged(package: str, path: str, engine: str, setting: str) -> Path:
    """Return the file that matches the pattern `path` inside `package` of the `embedded` extra, without an import.

    Raises `NotInstalledError`, which names both cures.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for found in sorted(Path(folder).glob(path)):
            return found
    raise NotInstalledError(
        f"{setting} is not set and the embedded {engine} is not installed; "
        f"set {setting}, or install it: pip install 'consentbot[embedded]' (in a checkout: "
        "pip install --require-hashes -r requirements-embedded.txt)"
    )


def start(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    ready: Callable[[], bool],
    account: pwd.struct_passwd | None = None,
) -> None:
    """Start `command` in a session of its own, so that Ctrl-C reaches us but not the engine, and wait for `ready`.

    It runs as `account`, if given, and with none of our environment, which holds secrets.
    Raises `EngineError` with the log's last lines.
    """
    forget_ended()
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            cwd=log.parent,
            start_new_session=True,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and (),
        )
    _started[process.pid] = process
    wait(name, process.pid, log, ready)


def wait(name: str, pid: int, log: Path, ready: Callable[[], bool]) -> None:
    """Wait until the engine is ready. Raises `EngineError` when it ends before or takes over `START_SECONDS`."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if not alive(pid):
            _started.pop(pid, None)
            said = _last_lines(log)
            raise EngineError(f"{name} ended while starting: {said}")
        if time.monotonic() > deadline:
            end(pid, signal.SIGKILL)
            said = _last_lines(log)
            raise EngineError(f"{name} was not ready after {START_SECONDS:.0f} seconds: {said}")
        time.sleep(_POLL_SECONDS)


def end(pid: int, *signals: signal.Signals, patience: float = 20.0) -> None:
    """Send each signal in turn until the process is gone, waiting `patience` seconds after each."""
    for number in signals:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if not alive(pid):
            break
    _started.pop(pid, None)


def forget_ended() -> None:
    """Reap children that others ended: until then the system keeps them as zombies."""
    for pid in [pid for pid, child in list(_started.items()) if child.poll() is not None]:
        _started.pop(pid, None)


def alive(pid: int) -> bool:
    """Whether the process is running; a zombie is not."""
    if (child := _started.get(pid)) is not None:
        return child.poll() is None
    import psutil  # comes with the engines: not there in production

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def runs(pid: int, argument: str) -> bool:
    """Whether the process was started with `argument`: its number may belong to another program by now."""
    import psutil

    try:
        return argument in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        return False


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_KEPT_LOG_LINES:]
    return f"{' | '.join(lines)}; see all of it in {log}"

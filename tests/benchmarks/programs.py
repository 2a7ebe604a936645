"""The processes of a run: started with an environment of their own, watched for the CPU they use, and ended."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bot.app.channels import variables
from tests.free_port import free_port

ROOT = Path(__file__).parent.parent.parent

_START_SECONDS = 60.0


class NotStarted(Exception):
    """A program ended, or did not answer, before it was of use; the text has the end of what it printed."""


class Program:
    """A running process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.pid = process.pid
        self.port = port
        self._process = process
        self._log = log

    def listens(self) -> bool:
        """Whether the port takes connections."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False

    def has_said(self, words: str) -> bool:
        """Whether it has printed this."""
        return words in self._log.read_text(errors="replace")

    def says_ready(self) -> bool:
        """Whether it holds itself for ready to serve."""
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until one of these is so. Raises `NotStarted`."""
        deadline = time.monotonic() + _START_SECONDS
        while not until():
            if self._process.poll() is not None or time.monotonic() > deadline:
                printed = self._log.read_text(errors="replace")[-2000:]
                raise NotStarted(f"a program ended, or was not ready in time; it printed:\n{printed}")
            time.sleep(0.005)

    def end(self) -> None:
        """Tell it to stop, and wait until it has."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(command: Sequence[str | Path], environment: dict[str, str], folder: Path) -> Iterator[Program]:
    """Run a command in `folder` until the end of the block; `PORT` is a free one."""
    port = free_port()
    log = folder / f"{port}.log"
    clean = {name: value for name, value in os.environ.items() if not _decides(name)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=clean | {"PYTHONPATH": str(ROOT), "PORT": str(port)} | environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    program = Program(process, port, log)
    try:
        yield program
    finally:
        program.end()


def _decides(variable: str) -> bool:
    """Whether an environment variable of the developer's would change what a program does, or how fast."""
    return variable.lower() in variables() or variable.startswith("PYTHON")


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of these processes and all that they have started, also of children that have ended."""
    total = 0.0
    for pid in pids:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total

"""Ends engines as a crash does."""

import os
import signal
import time

import psutil

from bot.engines.process import alive


def kill(pid: int | None) -> None:
    """End an engine by `kill -9`; return when nothing of it runs: PostgreSQL's sessions notice a moment later."""
    assert pid is not None
    gone = [pid, *(session.pid for session in psutil.Process(pid).children(recursive=True))]
    os.kill(pid, signal.SIGKILL)
    while any(map(alive, gone)):
        time.sleep(0.005)

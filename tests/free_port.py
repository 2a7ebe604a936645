"""Ports for programs that tests start."""

import random
import socket

_GIVEN_BY_NOBODY = range(10_000, 32_768)
"""Below the kernel's own range: no connection that another test opens takes a port before its program does."""


def free_port() -> int:
    """Return a port of localhost where nobody listens."""
    while True:
        port = random.SystemRandom().choice(_GIVEN_BY_NOBODY)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port

"""What is logged during a test, whatever an earlier one configured: loggers keep their configuration from first use."""

import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.testing import capture_logs


@contextmanager
def captured() -> Iterator[list[MutableMapping[str, Any]]]:
    """Collect log entries."""
    for name, module in list(sys.modules.items()):
        if name.startswith("bot.") and (log := getattr(module, "log", None)) is not None:
            vars(log).pop("bind", None)
    structlog.reset_defaults()
    with capture_logs() as entries:
        yield entries

"""Logs: one JSON object per line, or readable lines in a terminal; of commands, plain lines. No personal data.

An exception's text may quote a message or a number, so only its type and the lines it came through are logged.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog
from structlog.types import Processor

from .errors import where

EventDict = MutableMapping[str, Any]


def configure(level: str, *, stream: TextIO | None = None, readable: bool | None = None, plain: bool = False) -> None:
    """Send all logs, also those of libraries (warnings and errors), to `stream`, by default standard output.

    `readable` makes lines for people; by default in a terminal. `plain` makes them like a command's own messages:
    `warning: what happened`.
    """
    stream = sys.stdout if stream is None else stream
    if readable is None:
        readable = stream.isatty()
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where_it_failed,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = structlog.processors.JSONRenderer(serializer=_dumps)
    if readable:
        renderer = structlog.dev.ConsoleRenderer()
    if plain:
        renderer = _plain
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, _template],
        )
    )
    logging.raiseExceptions = False  # else a line that cannot be written goes to standard error, with its error's text
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(__package__).setLevel(level)


def _plain(_: Any, __: str, event: EventDict) -> str:
    """Return a line without time and module, which say nothing to whoever has just typed a command."""
    values = {name: value for name, value in event.items() if name not in ("event", "level", "logger", "timestamp")}
    cure = values.pop("cure", "")
    told = " ".join([str(event["event"]).replace("_", " "), *(f"{name}={value}" for name, value in values.items())])
    return f"{event['level']}: {told}; {cure}" if cure else f"{event['level']}: {told}"


def _dumps(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _where_it_failed(_: Any, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and the lines of code that it came through, the innermost first."""
    found = event.pop("exc_info", None)
    error = found if isinstance(found, BaseException) else found[1] if isinstance(found, tuple) else None
    if found is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["error"] = type(error).__name__
        event["where"] = where(error)
    return event


def _template(_: Any, __: str, event: EventDict) -> EventDict:
    """Keep only the first line of a library's message, without the values filled into it."""
    event["event"] = str(event["_record"].msg).partition("\n")[0]
    return event

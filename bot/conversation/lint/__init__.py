"""Checks of the dialogues, made when the program starts and by `flows lint`.

In: flow files as read; out: problems, each with its cure. `names` looks for what would fail at
run time, `ways` for dead ends, `texts` for what is missing or too long, `law` for what consent depends on.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...errors import FileError, problem_and_cure
from ...paths import FLOWS
from ...toml_lines import key_lines, line_of
from ..flow_file import FlowFile, read
from ..functions import OURS, Functions
from . import law, names, texts, ways
from .problem import Dialogues, LintRule, Problem

__all__ = ["Problem", "check", "lint"]

_EACH: Sequence[LintRule] = (
    names.names,
    ways.ways,
    ways.choices,
    ways.forks,
    ways.fired,
    ways.repeats,
    texts.mentions,
    texts.fits,
    texts.alike,
    texts.said_first,
    law.question,
    law.evidence,
    law.stop,
    law.doubt,
)
"""Checks of a single flow."""

_TOGETHER: Sequence[Callable[[Dialogues], Iterator[Problem]]] = (
    names.intents,
    names.rights,
    ways.entrances,
    texts.unsaid,
    law.only_one,
    law.way_out,
)
"""Checks of all flows together."""


def lint(folder: Path = FLOWS, own: Path | None = None, functions: Functions = OURS) -> list[Problem]:
    """Return every problem of the flows in a folder, and in the company's `own`."""
    try:
        return check(read(folder, own), functions)
    except FileError as error:
        lines = (line.partition(": ") for line in str(error).splitlines())
        return [Problem(_with_line(where, told), *problem_and_cure(told)) for where, _, told in lines]


def _with_line(where: str, told: str) -> str:
    """Return a file with the line of the key that a problem begins with, if it does, or that the parser names."""
    if named := _PARSED.search(told):
        return f"{where}:{named[1]}"
    path, key = Path(where), told.partition(":")[0]
    lines = key_lines(path.read_text("utf-8-sig", errors="replace")) if path.is_file() else {}
    line = line_of(lines, key)
    return f"{where}:{line}" if line > 1 or key in lines else where


_PARSED = re.compile(r"\(at line (\d+), column \d+\)")


def check(files: Sequence[FlowFile], functions: Functions = OURS) -> list[Problem]:
    """Return every problem of these flows, which may name these `functions`."""
    dialogues = Dialogues(files, {slot.id: slot for file in files for slot in file.slots}, functions)
    return [
        *(problem for file in files for look in _EACH for problem in look(file, dialogues)),
        *(problem for look in _TOGETHER for problem in look(dialogues)),
    ]

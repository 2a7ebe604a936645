"""Checks of the dialogues, made when the program starts and by `flows lint`.

In: flow files as read; out: problems, each with its cure. `names` looks for what would fail at
run time, `ways` for dead ends, `texts` for what is missing or too long, `law` for what consent depends on.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...errors import FileError, problem_and_cure
from ...paths import FLOWS
from ..flow_file import FlowFile, read
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


def lint(folder: Path = FLOWS) -> list[Problem]:
    """Return every problem of the flows in a folder."""
    try:
        return check(read(folder))
    except FileError as error:
        lines = (line.partition(": ") for line in str(error).splitlines())
        return [Problem(where, *problem_and_cure(told)) for where, _, told in lines]


def check(files: Sequence[FlowFile]) -> list[Problem]:
    """Return every problem of these flows."""
    dialogues = Dialogues(files, {slot.id: slot for file in files for slot in file.slots})
    return [
        *(problem for file in files for look in _EACH for problem in look(file, dialogues)),
        *(problem for look in _TOGETHER for problem in look(dialogues)),
    ]

"""What is wrong in a file of ours, told to whoever wrote it: one line for each key, with its cure."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def complaints(path: Path, error: ValidationError, cure: Callable[[ErrorDetails], str]) -> str:
    """Return the lines; `cure` makes what is to be done out of a problem that pydantic found."""
    problems = error.errors()
    return "\n".join(
        ": ".join(part for part in (str(path), ".".join(map(str, problem["loc"])), cure(problem)) if part)
        for problem in problems
        if not _follows(problem, problems)
    )


def _follows(problem: ErrorDetails, problems: Sequence[ErrorDetails]) -> bool:
    """Whether a list is only too short because of what is wrong inside it."""
    depth = len(problem["loc"])
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > depth and other["loc"][:depth] == problem["loc"] for other in problems
    )

"""What is wrong in a file of ours, told to whoever wrote it: one line for each key, with its cure."""

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError


def complaints(path: Path, error: ValidationError, cure: Callable[[str, str], str]) -> str:
    """Return the lines; `cure` makes what is to be done out of pydantic's kind of problem and its message."""
    return "\n".join(
        f"{path}: {'.'.join(map(str, problem['loc']))}: {cure(problem['type'], problem['msg'])}"
        for problem in error.errors()
    )

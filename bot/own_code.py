"""Imports what a company wrote itself, by `module:name`; whatever is wrong with it is told in one line."""

import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType


def module_of(named: str, folder: Path) -> tuple[ModuleType, str]:
    """Return the module of `module:name`, which may be in `folder`, and the name.

    Raises `ValueError` with what is wrong and its cure.
    """
    module, _, name = named.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise ValueError("not module:name; write the module as an import does, without .py, such as mybot:answer")
    if (place := str(folder.absolute())) not in sys.path:
        sys.path.insert(0, place)  # the command `consentbot` does not look there, unlike `python -m`
    try:
        return import_module(module), name
    except ModuleNotFoundError as error:
        raise ValueError(f"there is no module {error.name}; run this where it can be imported") from None
    except (Exception, SystemExit) as error:  # it may raise anything, and even end the program
        raise ValueError(f"{module} can't be imported: {_what(error)}; mend it there") from None


def _what(error: BaseException) -> str:
    """Return the error with the line of the file that it comes from."""
    if isinstance(error, SyntaxError):
        file, line, text = error.filename or "", error.lineno, error.msg
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        file, line, text = last.filename, last.lineno, str(error)
    return f"{type(error).__name__}: {' '.join(text.split())} ({Path(file).name}:{line})"

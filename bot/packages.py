"""Tells whoever starts us in a Python that lacks our packages how to get one that has them. Imports none of them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_OURS = __name__.partition(".")[0]


@contextmanager
def missing_packages_told() -> Iterator[None]:
    """End with one line if an import inside finds no package."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == _OURS:
            raise  # a module of our own is missing: a bug
        sys.exit(f"error: {sys.executable} lacks the package {error.name}; {_cure()}")


def _cure() -> str:
    """Return how to get a Python that has all packages: in a checkout, that of .venv."""
    if _OURS != "bot":
        return "install consentbot again, with what it depends on"
    return "in the project's folder run `make install` once, and `. .venv/bin/activate` in each new terminal"

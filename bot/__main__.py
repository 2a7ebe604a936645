"""`python -m bot …` in a checkout, `consentbot …` where the package is installed."""

import gc
import sys


def main() -> None:
    """Run the command that was typed."""
    gc.disable()  # imports leave no garbage, and looking for it takes a tenth of the start
    try:
        from .commands.cli import main as command
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == (__package__ or "").partition(".")[0]:
            raise  # a module of our own is missing: a bug
        sys.exit(f"error: {sys.executable} lacks the package {error.name}; {_cure()}")
    gc.enable()
    command()


def _cure() -> str:
    """Return how to get a Python that has all packages: in a checkout, that of .venv."""
    if __package__ != "bot":
        return "install consentbot again, with what it depends on"
    return "in the project's folder run `make install` once, and `. .venv/bin/activate` in each new terminal"


if __name__ == "__main__":
    main()

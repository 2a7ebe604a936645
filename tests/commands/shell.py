"""What tests of commands share."""

from collections.abc import Callable

ANA = "+447911123456"

Run = Callable[..., tuple[int, str]]
"""Types a command, with other environment variables if need be: the exit status and what was printed.

With `--json`, and of `ledger export`, what was printed is standard output alone, as a script reads it.
"""

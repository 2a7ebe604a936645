"""What somebody sees who types a command in a Python that has none of our packages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("typed", ["bot i18n init nb", "bot.testing tests/conversations", "bot"])
def test_a_missing_package_is_reported_with_the_cure_and_without_a_traceback(typed: str) -> None:
    bare = [sys.executable, "-S", "-m", *typed.split()]
    result = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert re.search(r"lacks the package \w+; in the project's folder run `make install` once", result.stderr)
    assert result.stderr.count("\n") == 1

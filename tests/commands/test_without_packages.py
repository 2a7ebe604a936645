"""What somebody sees who types a command in a Python that has none of our packages."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_missing_package_is_reported_with_the_cure_and_without_a_traceback() -> None:
    bare = [sys.executable, "-S", "-m", "bot", "i18n", "init", "nb"]
    result = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "lacks the package typer; in the project's folder run `make install` once" in result.stderr
    assert result.stderr.count("\n") == 1

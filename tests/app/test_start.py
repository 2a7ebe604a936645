"""A process that serves is soon ready: it imports nothing that only some commands, or rare requests, need."""

import subprocess
import sys

_RARELY_NEEDED = {"alembic", "sqlalchemy", "holidays", "fpdf", "fontTools", "bot.translating.phrases"}


def test_starting_does_not_import_rarely_needed_modules() -> None:
    script = f"import sys, bot.commands.cli; print(*sorted({_RARELY_NEEDED} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []

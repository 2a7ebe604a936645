"""A process that serves is soon ready: it imports nothing that only some commands, or rare requests, need."""

import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from bot.app.doctor import engines_checks
from bot.commands.serve import tell_what_is_missing
from bot.settings import load_settings

_RARELY_NEEDED = {"alembic", "sqlalchemy", "holidays", "fpdf", "fontTools", "bot.translating.phrases"}


def test_starting_does_not_import_rarely_needed_modules() -> None:
    script = f"import sys, bot.commands.cli; print(*sorted({_RARELY_NEEDED} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ["REDIS_URL", "DATABASE_URL"]),
        ({"redis_url": "redis://h"}, ["DATABASE_URL"]),
        ({"redis_url": "redis://h", "database_url": "postgresql://h/d"}, []),
        ({"dyno": "web.1"}, []),  # there, it is an error
    ],
)
def test_engines_in_place_of_missing_stores_are_told(given: dict[str, str], told: list[str]) -> None:
    settings = load_settings(None, **given)
    with capture_logs() as logged:
        tell_what_is_missing(settings)
    assert [line["setting"] for line in logged if line["event"] == "engine_of_its_own"] == told
    assert [name for check in engines_checks(settings) for name in told if name not in check.detail] == []
    assert bool(engines_checks(settings)) is bool(told)

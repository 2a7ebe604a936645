"""What asks for an operator in the log tells what to do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parent.parent / "bot"

NEED_A_CURE = {"store_unavailable", "withdrawal_unconfirmed"}
"""Warnings, too, after which somebody has to act."""


def without_cure(source: str) -> Iterator[str]:
    """Name the events that are logged as an error, or are in `NEED_A_CURE`, and tell no cure."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("log"), attr=level),
                args=[ast.Constant(str() as event)],
                keywords=told,
            ) if level in ("error", "critical") or event in NEED_A_CURE:
                if not any(keyword.arg == "cure" for keyword in told):
                    yield event


def test_every_error_in_the_log_names_its_cure() -> None:
    found = {path.name: events for path in BOT.rglob("*.py") if (events := list(without_cure(path.read_text("utf-8"))))}
    assert found == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('log.error("lost", count=1)', ["lost"]),
        ('log.error("lost", cure="look")', []),
        ('log.warning("store_unavailable")', ["store_unavailable"]),
        ('log.warning("again")', []),
    ],
)
def test_a_missing_cure_is_found(source: str, found: list[str]) -> None:
    assert list(without_cure(source)) == found

"""What asks for an operator, in the log or by an error, tells what to do."""

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


CURABLE = {"OperatorError", "FileError", "SettingsError", "EngineError", "NotInstalledError", "MissingSecretError"}


def incurable(source: str) -> Iterator[str]:
    """Name the texts of errors for operators that have no semicolon with a cure after it, where the text is written."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[(ast.JoinedStr() | ast.Constant()) as text])):
                written = ast.unparse(text)
                if name in CURABLE and "; " not in written and not _handed_on(text):
                    yield written


def _handed_on(text: ast.expr) -> bool:
    """Whether a text ends with what was written elsewhere, with its cure."""
    match text:
        case ast.JoinedStr(values=[*_, ast.FormattedValue(value=ast.Name("problem" | "error" | "cure" | "said"))]):
            return True
    return False


def test_every_error_for_operators_has_its_cure_after_a_semicolon() -> None:
    found = {path.name: texts for path in BOT.rglob("*.py") if (texts := list(incurable(path.read_text("utf-8"))))}
    assert found == {}


def test_an_error_without_a_cure_is_found() -> None:
    assert list(incurable('raise OperatorError(f"{path} is broken")')) == ["f'{path} is broken'"]
    assert list(incurable('raise OperatorError(f"{path} is broken; mend it")')) == []

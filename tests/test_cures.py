"""What asks for an operator, in the log or by an error, tells what to do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.stores.postgres import connect as postgres
from bot.stores.redis import connect as redis

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


CURABLE = {
    "OperatorError",
    "FileError",
    "SettingsError",
    "EngineError",
    "NotInstalledError",
    "MissingSecretError",
    "Unavailable",
}

HANDED_ON = {"problem", "error", "cure", "said", "reason"}
"""Names of what was written elsewhere, with its cure."""


def incurable(source: str, *, validators: bool = True) -> Iterator[str]:
    """Name the texts for operators that have no semicolon with a cure after it, where the text is written.

    They are errors that are raised, `fail(…)`, and, with `validators`, what `toml_file` makes of their `ValueError`. A
    failed `Check` has its cure in an argument of its own.
    """
    tree = ast.parse(source)
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        for text in (*_told(node), *(_refused(node) if validators else ())):
            text = constants.get(text.id, text) if isinstance(text, ast.Name) else text
            written = ast.unparse(text)
            if isinstance(text, ast.JoinedStr | ast.Constant) and "; " not in written and not _handed_on(text):
                yield written
        if isinstance(node, ast.Call) and _lacks_a_cure(node):
            yield ast.unparse(node)


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value


def _told(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[text])) if name in CURABLE:
            yield text
        case ast.Call(func=ast.Name(id="fail"), args=[text]):
            yield text


def _refused(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Name(id="model_validator" | "field_validator")), *_]):
            for inner in ast.walk(node):
                match inner:
                    case ast.Raise(exc=ast.Call(func=ast.Name(id="ValueError"), args=[text])):
                        yield text


def _handed_on(text: ast.expr) -> bool:
    match text:
        case ast.JoinedStr(values=[*_, ast.FormattedValue(value=ast.Name(id=name))]):
            return name in HANDED_ON
    return False


def _lacks_a_cure(call: ast.Call) -> bool:
    """Whether a call makes a `Check` that failed, without its cure."""
    told = {keyword.arg: keyword.value for keyword in call.keywords}
    match call.func, told.get("ok"):
        case ast.Name("Check"), ast.Constant(value=False):
            return not isinstance(told.get("cure"), ast.expr) or ast.unparse(told["cure"]) in ("''", "None")
    return False


def test_every_error_for_operators_has_its_cure_after_a_semicolon() -> None:
    found = {
        path.name: texts
        for path in BOT.rglob("*.py")
        if (texts := list(incurable(path.read_text("utf-8"), validators=path.name != "settings.py")))
    }  # what is wrong with a setting is followed by what the setting is and where to find it
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        'raise OperatorError(f"{path} is broken: mend it")',
        'raise process.EngineError("it ended")',
        'raise Unavailable("it changes")',
        'fail(f"{path}: can\'t be read ({error.strerror})")',
        'fail("this can\'t be undone: add --yes")',
        'BUSY = "it is busy"\nfail(BUSY)',
        'class A:\n    @model_validator(mode="after")\n    def b(self):\n        raise ValueError("it is wrong")',
        'class A:\n    @field_validator("b")\n    def b(self):\n        raise ValueError("it is wrong")',
        'Check("redis", ok=False, detail="away")',
        'Check("redis", ok=False, detail="away", cure="")',
    ],
)
def test_a_text_without_a_cure_is_found(source: str) -> None:
    assert len(list(incurable(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        'raise OperatorError(f"{path} is broken; mend it")',
        'raise OperatorError(f"{path}: {problem}")',
        'fail(f"{path} is broken; mend it")',
        'BUSY = "it is busy; wait"\nfail(BUSY)',
        'raise ValueError("our own")',
        'Check("redis", ok=False, detail="away", cure="start it")',
        'Check("redis", ok=True)',
    ],
)
def test_a_text_with_a_cure_is_not_found(source: str) -> None:
    assert list(incurable(source)) == []


def test_every_failure_of_a_store_has_its_cure() -> None:
    texts = [*redis._PASSING.values(), *redis._REFUSALS.values(), *postgres._PASSING.values()]
    assert [text for text in texts if "; " not in text] == []

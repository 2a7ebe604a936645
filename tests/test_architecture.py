"""docs/architecture.md and CONTRIBUTING.md: what they name exists, and says what the code says."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeGuard, get_args, get_origin, get_type_hints

import pytest
from msgspec import Struct

from tests.crash.doomed import AFTER
from tests.test_imports import BOT, COMPOSITION, LEAVES, MAY_IMPORT, NO_STORES, imports

ROOT = Path(__file__).parent.parent
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PAGES = {"docs/architecture.md": ARCHITECTURE, "CONTRIBUTING.md": (ROOT / "CONTRIBUTING.md").read_text("utf-8")}
FOLDERS = "bot|tests|flows|locales|docs"


def section(title: str) -> str:
    """The text under a heading of docs/architecture.md."""
    _, found, rest = ARCHITECTURE.partition(f"\n## {title}\n")
    assert found, f"docs/architecture.md has no heading {title!r}"
    return rest.partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code(cell: str) -> list[str]:
    """What a cell has in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def named_paths(text: str) -> set[str]:
    """The paths of this repository that a text names; for a file to be made, the folder that it is made in."""
    found = re.findall(rf"`((?:{FOLDERS})/[^`:\s]*)[^`]*`", text)
    return {path.partition("/<")[0] for path in found}


def defined(path: Path) -> set[str]:
    """The functions and classes at the top of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def missing(text: str) -> Iterator[str]:
    """What a text names that is not there."""
    yield from sorted(path for path in named_paths(text) if not (ROOT / path).exists())
    for path, name in re.findall(r"`(tests/[^`:]+)::(\w+)`", text):
        if (ROOT / path).exists() and name not in defined(ROOT / path):
            yield f"{path}::{name}"


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_a_page_names_exists(page: str) -> None:
    assert len(named_paths(PAGES[page])) > 15
    assert list(missing(PAGES[page])) == []


@pytest.mark.parametrize(
    "text",
    ["`bot/plugins`", "`bot/channels/<provider>` and `bot/gone/<x>.py`", "`tests/test_architecture.py::test_gone`"],
)
def test_a_missing_path_or_test_is_found(text: str) -> None:
    assert len(list(missing(text))) == 1


# --- the way of a message

PARTICIPANTS: dict[str, str] = dict(re.findall(r"participant (\w+) as (\S+)", section("The way of a message")))
"""Short name in the drawing → module, as its path in `bot/`; the provider is none."""

Arrow = tuple[str, str, str]

ARROWS: list[Arrow] = re.findall(r"^ +(\w+)(--?>>)(\w+):", section("The way of a message"), re.MULTILINE)


def module_of(participant: str) -> ModuleType:
    return importlib.import_module(f"bot.{PARTICIPANTS[participant].removesuffix('.py').replace('/', '.')}")


def is_ours(value: object) -> TypeGuard[type]:
    """Whether it is a class of the package."""
    return isinstance(value, type) and value.__module__.startswith("bot.")


def can_call(caller: ModuleType, callee: ModuleType) -> bool:
    """Whether a module imports another, or a port or base class that a class of the other implements."""
    named = imports(inspect.getsource(caller), caller.__package__ or "bot")
    if any(f"{name}.".startswith(f"{callee.__name__}.") for name in named):
        return True
    classes = [value for value in vars(callee).values() if is_ours(value) and value.__module__ == callee.__name__]
    contracts = [value for value in vars(caller).values() if is_ours(value)]
    return any(implements(cls, contract) for cls in classes for contract in contracts)


def implements(cls: type, contract: type) -> bool:
    """Whether a class is derived from a contract or, if that is a protocol, takes the same parameters."""
    if not getattr(contract, "_is_protocol", False):
        return issubclass(cls, contract) and cls is not contract
    methods = [name for name, method in inspect.getmembers(contract, inspect.isfunction) if name[0] != "_"]
    return bool(methods) and all(parameters(cls, name) >= parameters(contract, name) > set() for name in methods)


def parameters(cls: type, method: str) -> set[str]:
    """The names of a method's parameters; none if the class has no such method."""
    found = getattr(cls, method, None)
    return set(inspect.signature(found).parameters) if inspect.isfunction(found) else set()


def wrong(arrows: Sequence[Arrow]) -> list[Arrow]:
    """The arrows between modules of ours that are neither a call nor what a call above them returns."""
    calls = [(caller, callee) for caller, kind, callee in arrows if kind == "->>"]
    return [
        (start, kind, end)
        for start, kind, end in arrows
        if not ((end, start) in calls if kind == "-->>" else possible(start, end))
    ]


def possible(caller: str, callee: str) -> bool:
    outside = "provider" in (PARTICIPANTS[caller], PARTICIPANTS[callee])
    return outside or can_call(module_of(caller), module_of(callee))


def test_the_message_diagram_names_only_existing_modules_and_draws_something_to_each() -> None:
    assert len(PARTICIPANTS) > 10
    assert [name for name in PARTICIPANTS.values() if name != "provider" and not (BOT / name).is_file()] == []
    assert {name for start, _, end in ARROWS for name in (start, end)} == PARTICIPANTS.keys()


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_diagrams_hold_no_semicolon_which_ends_a_line_in_mermaid(page: Path) -> None:
    """Viewers show an error in place of such a diagram."""
    diagrams = re.findall(r"```mermaid\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert [line for diagram in diagrams for line in diagram.splitlines() if ";" in line] == []


def test_each_arrow_of_the_message_diagram_is_a_call_or_its_result() -> None:
    assert wrong(ARROWS) == []


@pytest.mark.parametrize(
    ("caller", "kind", "callee"),
    [
        ("service/incoming/converse.py", "->>", "service/sending/gate.py"),
        ("stores/redis/sessions.py", "->>", "service/sending/deliver.py"),
        ("service/sending/deliver.py", "->>", "channels/meta/client.py"),
        ("service/sending/deliver.py", "->>", "stores/redis/sessions.py"),
        ("service/sending/gate.py", "->>", "service/sending/send.py"),
        ("stores/redis/outbox.py", "-->>", "service/incoming/converse.py"),
    ],
)
def test_a_wrong_arrow_is_found(caller: str, kind: str, callee: str) -> None:
    names = {module: name for name, module in PARTICIPANTS.items()}
    arrow = (names[caller], kind, names[callee])
    assert wrong([*ARROWS, arrow]) == [arrow]


# --- its shapes


def test_each_shape_is_defined_where_the_table_says() -> None:
    shapes = rows("The shapes of a message")
    assert len(shapes) > 5
    for shape, module, why in shapes:
        assert set(code(shape)) <= defined(ROOT / code(module)[0]), module
        assert len(why) > 30, shape


def values_in(hint: object) -> Iterator[type]:
    """The value classes of `bot.service` that a type hint names, and those of their fields."""
    if isinstance(hint, list | tuple):
        for part in hint:
            yield from values_in(part)
    elif is_ours(hint):
        if hint.__module__.startswith("bot.service.") and (is_dataclass(hint) or issubclass(hint, Struct | tuple)):
            yield hint
            yield from values_in(list(get_type_hints(hint).values()))
    elif origin := get_origin(hint):
        yield from values_in([origin, *get_args(hint)])


def passed_on() -> set[str]:
    """The value classes of `bot.service` in signatures of the modules drawn; the ledger gets no messages."""
    drawn = [
        module_of(name) for name, path in PARTICIPANTS.items() if not path.startswith(("provider", "stores/postgres"))
    ]
    classes = [
        value
        for module in drawn
        for value in vars(module).values()
        if getattr(value, "__module__", "") == module.__name__
    ]
    methods = [
        method
        for cls in classes
        if inspect.isclass(cls)
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if name[0] != "_" or name == "__call__"
    ]
    return {value.__name__ for method in methods for value in values_in(list(get_type_hints(method).values()))}


def test_the_shapes_are_complete_by_the_rule_that_the_page_gives() -> None:
    counted = {name for shape, _, _ in rows("The shapes of a message") for name in code(shape)}
    (uncounted,) = re.findall(r"^Not counted: (.+?)\n\n", section("The shapes of a message"), re.DOTALL | re.MULTILINE)
    assert passed_on() - set(code(uncounted)) == counted


def test_the_table_of_folders_says_what_may_be_imported() -> None:
    rooms = {path.name for path in BOT.iterdir() if (path / "__init__.py").exists()}
    found = {code(folder)[0]: imports for folder, _, imports in rows("The folders")}
    assert found == {f"bot/{room}": may_import(room) for room in rooms}


def may_import(room: str) -> str:
    if room in COMPOSITION:
        return "everything but `stores`" if room in NO_STORES else "everything"
    return ", ".join(f"`{other}`" for other in sorted(MAY_IMPORT[room])) or "–"


def test_modules_named_as_leaves_are_leaves_of_the_import_rules() -> None:
    leaves = re.findall(r"`bot/(\w+)\.py`", section("The folders"))
    assert len(leaves) > 3
    assert set(leaves) <= LEAVES


def test_each_promise_names_its_tests() -> None:
    promises = rows("The promises")
    assert len(promises) > 10
    for promise, tests in promises:
        assert all(re.fullmatch(r"tests/[\w/]+\.py::\w+", name) for name in code(tests)), promise
        assert code(tests), promise


def test_the_crash_points_are_those_that_are_tested() -> None:
    assert [step for step, _ in rows("Where it may die")] == list(AFTER)


def test_each_of_the_ten_changes_names_its_files_and_tests() -> None:
    listed = re.split(r"^\d+\. ", section("Ten changes, and the files to touch"), flags=re.MULTILINE)[1:]
    assert len(listed) == 10
    for change in listed:
        told = re.fullmatch(r"\*\*(?P<change>.+?)\.\*\* (?P<answer>.+)", change, re.DOTALL)
        assert told, change
        tests = {path for path in named_paths(told["answer"]) if path.startswith("tests/")}
        assert tests, told["change"]
        assert named_paths(told["answer"]) - tests, told["change"]


# --- what was moved is named nowhere

PATH = re.compile(r"\bbot/[a-z_0-9]+(?:\.py|\.toml)?(?:/[\w.*<>-]+)*")
"""A path in the package, wherever it is named."""

MODULE = re.compile(r"(?<![/\w])bot(?:\.[a-z_0-9]+)+")
"""A module of the package, perhaps with what it defines."""

FILES = ("bot.po", "bot.pot", "bot.mo", "bot.py")
"""Catalogs, and a user's own program."""


def texts() -> Iterator[tuple[str, str]]:
    """Every committed text outside of tests/, but the changelog: that tells how things were called."""
    outside = (
        "*.md",
        "*.toml",
        "Makefile",
        "Procfile",
        "app.json",
        "Dockerfile",
        "compose.yaml",
        "deploy/**/*.*",
        "docs/*.md",
        "flows/*.toml",
        "locales/*.md",
    )
    for pattern in (*outside, "bot/**/*.py", "bot/**/*.toml", "bot/**/*.lua", "bot/**/*.j2"):
        for path in ROOT.glob(pattern):
            if path.name != "CHANGELOG.md":
                yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def stale(text: str) -> list[str]:
    """What a text names of the package that does not exist."""
    paths = (path.rstrip(".").partition("/<")[0].partition("/*")[0] for path in PATH.findall(text))
    modules = (name for name in MODULE.findall(text) if name not in FILES)
    return [path for path in paths if not (ROOT / path).exists()] + [name for name in modules if not is_there(name)]


def is_there(name: str) -> bool:
    """Whether a dotted name leads to a module or folder of the package, or to a word of the one that it stops at."""
    folder = BOT
    for part in name.split(".")[1:]:
        if (folder / f"{part}.py").exists():
            return True
        if not (folder / part / "__init__.py").exists():
            return part in (folder / "__init__.py").read_text("utf-8")
        folder /= part
    return True


def test_no_text_names_a_path_or_module_that_is_gone() -> None:
    assert {name: found for name, text in texts() if (found := stale(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "see bot/plugins",
        "`bot/runtime.py`",
        "(bot/preview/page.py)",
        "in bot/service/gate.py.",
        "`bot.conversation.inbound`",
        "`bot.serving.start`",
    ],
)
def test_a_path_or_module_that_is_gone_is_found(text: str) -> None:
    assert len(stale(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "bot/hosts/",
        "bot/channels/<provider>/x.py",
        "`bot.i18n.texts.LIMITS`",
        "`bot.setup`",
        "locales/bot.pot",
        "bot.po",
    ],
)
def test_an_existing_path_or_module_is_not_reported(text: str) -> None:
    assert stale(text) == []

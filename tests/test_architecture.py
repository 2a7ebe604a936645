"""docs/architecture.md and CONTRIBUTING.md: what they name exists, and says what the code says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.doomed import AFTER
from tests.test_imports import BOT, COMPOSITION, LEAVES, MAY_IMPORT, NO_STORES

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


def test_the_message_diagram_names_only_existing_modules() -> None:
    drawing = re.findall(r"```mermaid\n(.*?)```", section("The way of a message"), re.DOTALL)[0]
    participants = re.findall(r"participant \w+ as (\S+)", drawing)
    assert len(participants) > 10
    assert [name for name in participants if name != "provider" and not (BOT / name).is_file()] == []


def test_each_shape_is_defined_where_the_table_says() -> None:
    shapes = rows("The shapes of a message")
    assert len(shapes) > 5
    for shape, module, why in shapes:
        assert set(code(shape)) <= defined(ROOT / code(module)[0]), module
        assert len(why) > 30, shape


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
    outside = ("*.md", "*.toml", "Makefile", "Procfile", "app.json", "docs/*.md", "flows/*.toml", "locales/*.md")
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
    place = BOT
    for part in name.split(".")[1:]:
        if (place / f"{part}.py").exists():
            return True
        if not (place / part / "__init__.py").exists():
            return part in (place / "__init__.py").read_text("utf-8")
        place /= part
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

"""The pages in docs/ and the README: every command in them exists, every link leads somewhere, tables are current."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app.channels import variables
from bot.commands.cli import app
from bot.paths import FLOWS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(?:(?:\.venv/bin/)?python -m (?:bot|consentbot)|consentbot) ([a-z-][^\n#]*)")


def code(page: str) -> Iterator[str]:
    """What a page shows as code: the lines of its shell blocks, and what stands in backticks."""
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


COMMANDS = sorted(
    {
        (page.name, found[1].strip())
        for page in PAGES
        for line in code(page.read_text("utf-8"))
        if (found := COMMAND.match(line))
    }
)


MAKE_TARGETS = sorted(
    {
        (page.name, found[1])
        for page in PAGES
        for line in code(page.read_text("utf-8"))
        if (found := re.match(r"make ([a-z]+)", line))
    }
)


def words(command: str) -> list[str]:
    """The command's name: its words before options and arguments."""
    names = []
    for word in command.split():
        if not re.fullmatch(r"[a-z][a-z0-9-]*", word):
            break
        names.append(word)
    return names


def test_commands_and_make_targets_are_found_in_the_docs() -> None:
    assert len(COMMANDS) > 15
    assert {target for _, target in MAKE_TARGETS} >= {"demo", "test", "lint", "bench"}


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=lambda value: value)
def test_every_command_exists_with_its_options(page: str, command: str) -> None:
    names = words(command)
    shown = helped(names)
    while shown is None and len(names) > 1:
        names.pop()  # an argument that looks like a name
        shown = helped(names)
    assert shown is not None, f"{page}: there is no command {command!r}"
    for option in re.findall(r"--[a-z-]+", command):
        assert option in shown, f"{page}: {command}: no option {option}"


def helped(names: list[str]) -> str | None:
    """What `--help` of a command shows; None when there is no such command."""
    result = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    return result.output if result.exit_code == 0 else None


A_RIGHT = {
    "CONTRIBUTING.md": r"^### A right$(.*?)^### ",
    "docs/developer.md": r"^## Add a right$(.*?)^## ",
    "docs/architecture.md": r"^8\. \*\*A new right\.\*\*(.*?)^9\. ",
}
"""Where the pages tell how to add a right."""


@pytest.mark.parametrize("page", A_RIGHT)
def test_every_page_names_the_same_files_for_a_new_right(page: str) -> None:
    (told,) = re.findall(A_RIGHT[page], (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    model = {"flows/portability.toml"}
    assert set(re.findall(r"`((?:bot|flows|docs)/[^`]+)`", told)) - model == {
        "bot/consent/rights.py",
        "bot/words/keywords.py",
        "bot/service/rights/rights.py",
        "flows/<right>.toml",
        "flows/rights.toml",
        "docs/flows.md",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_deployer_s_table_has_every_setting_with_its_description() -> None:
    text = (ROOT / "docs" / "deployer.md").read_text("utf-8")
    for name, description in variables().items():
        if name != "dyno":
            assert f"| `{name.upper()}` | {description} |" in text


@pytest.mark.parametrize(("page", "target"), MAKE_TARGETS)
def test_every_make_target_of_a_page_exists(page: str, target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_examples_of_our_purposes_say_what_the_purposes_say_now() -> None:
    """An example with another description would be taken for the present text."""
    ours = {purpose["id"]: purpose for purpose in tomllib.loads((FLOWS / "business.toml").read_text())["purposes"]}
    examples = [
        purpose
        for page in PAGES
        for block in re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        if "[[purposes]]" in block
        for purpose in tomllib.loads(block)["purposes"]
    ]
    assert examples
    for example in examples:
        if example["id"] in ours:
            shown = {key: example[key] for key in ("title", "description") if key in example}
            assert shown.items() <= ours[example["id"]].items()

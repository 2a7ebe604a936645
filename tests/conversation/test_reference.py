"""`docs/flows-reference.md` lists everything that a flow file may say, from the code."""

from pathlib import Path

import pytest

from bot.conversation.flow_file import FlowTable, StateTable, TextTable, TransitionTable
from bot.conversation.functions import OURS
from bot.conversation.placeholders import KNOWN_VALUES, TOLD_VALUES
from bot.conversation.reference import page
from bot.conversation.triggers import Trigger
from bot.conversation.turn import PERSONAL_VALUES
from bot.i18n.texts import TextKind
from bot.words.intents import Intent

PAGE = Path(__file__).parents[2] / "docs" / "flows-reference.md"


def rows(heading: str) -> dict[str, list[str]]:
    """The table below a heading: the name in the first cell → the other cells."""
    section = page().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {name.strip("`"): rest for name, *rest in cells}


def test_docs_flows_reference_md_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m bot flows reference > docs/flows-reference.md"


@pytest.mark.parametrize(
    ("heading", "table"),
    [
        ("The file", FlowTable),
        ("`[[states]]`", StateTable),
        ("`[[transitions]]`", TransitionTable),
        ("`[texts.NAME]`", TextTable),
    ],
)
def test_every_key_is_explained(heading: str, table: type[FlowTable]) -> None:
    found = rows(heading)
    assert found.keys() == table.model_fields.keys()
    assert all(meaning[-1] in ".…" for _, meaning in found.values())


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Kinds of texts", [*TextKind]),
        ("Triggers", [*Trigger]),
        ("Intents", [*Intent]),
        ("Guards", [*OURS.guards]),
        ("Effects", [*OURS.effects]),
        ("Lists of choices", [*OURS.choices]),
        ("Placeholders", [f"{{{name}}}" for name in {*KNOWN_VALUES, *PERSONAL_VALUES, *TOLD_VALUES}]),
    ],
)
def test_every_name_is_listed(heading: str, names: list[str]) -> None:
    assert sorted(rows(heading)) == sorted(map(str, names))

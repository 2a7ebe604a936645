from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bot.conversation.diagram import diagram, document
from bot.conversation.effects import CHOICES, EFFECTS
from bot.conversation.flow import Flows
from bot.conversation.flow_file import read
from bot.conversation.guards import GUARDS
from bot.paths import FLOWS

PAGE = Path(__file__).parents[2] / "docs" / "flows.md"
ALL = Flows(read(FLOWS))


def test_docs_flows_md_is_up_to_date() -> None:
    cure = "python -m bot flows diagram > docs/flows.md"
    assert PAGE.read_text("utf-8") == document(ALL.by_name.values()), cure


@pytest.mark.parametrize(
    ("heading", "registry"), [("Conditions", GUARDS), ("Effects", EFFECTS), ("Lists of choices", CHOICES)]
)
def test_the_glossary_explains_every_name_in_a_sentence(
    heading: str, registry: Mapping[str, Callable[..., object]]
) -> None:
    section = document(ALL.by_name.values()).partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert [name.strip("`") for name, *_ in rows] == [*registry]
    for name, explained, used_in in rows:
        assert explained.endswith("."), f"{name} needs a docstring that a lawyer can read"
        assert used_in, f"no flow uses {name}: remove it"


def test_the_glossary_names_the_flows_that_use_a_name() -> None:
    page = document(ALL.by_name.values())
    assert row(page, "record_kept").endswith("| maybe_stop, opt_in |")
    assert row(page, "answers_the_pending_request").endswith("| opt_in |")
    assert row(page, "purposes").endswith("| my_choices, object, stop |")


def test_a_promised_right_is_explained_by_its_row_in_the_table_of_rights() -> None:
    page = document(ALL.by_name.values())
    assert "access (GDPR Art. 15). Noted as a request" in row(page, "ask_access")
    assert "proof (GDPR Art. 7(1)). |" in row(page, "ask_proof"), "a receipt is no request"


def row(page: str, name: str) -> str:
    (found,) = (line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    return found


def test_a_diagram_is_mermaid_with_a_title() -> None:
    lines = diagram(ALL["stop"]).splitlines()
    assert lines[:4] == ["---", "title: stop", "---", "stateDiagram-v2"]


def test_every_entry_exit_and_transition_is_drawn() -> None:
    drawn = diagram(ALL["stop"])
    assert "[*] --> idle : stop" in drawn
    assert "stopped --> [*]" in drawn
    for transition in ALL["stop"].table.transitions:
        assert f"{transition.source} --> {transition.dest} : {transition.trigger.replace('_', ' ')}" in drawn


def test_consent_effects_are_marked() -> None:
    drawn = diagram(ALL["opt_in"])
    assert "asked --> finished : yes if answers the pending request, ◆ given, says welcome" in drawn
    assert "asked --> finished : lapse, ◆ lapsed" in drawn


def test_a_state_shows_what_it_says_offers_and_waits_for() -> None:
    drawn = diagram(ALL["opt_in"])
    assert "asked : asked (says ask, offers yes, no)" in drawn
    assert "note right of asked : lapse when nobody answers in time" in drawn
    assert "asked --> asked : anything else, says clarify" in drawn


def test_an_interlude_is_labelled() -> None:
    assert "[*] --> idle : help, an interlude" in diagram(ALL["help"])

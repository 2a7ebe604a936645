from pathlib import Path

from bot.conversation.diagram import diagram, document
from bot.conversation.flow import Flows
from bot.conversation.flow_file import read
from bot.paths import FLOWS

PAGE = Path(__file__).parents[2] / "docs" / "flows.md"
ALL = Flows(read(FLOWS))


def test_docs_flows_md_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == document(ALL.by_name.values()), "write document(…) into docs/flows.md again"


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

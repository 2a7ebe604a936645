"""Each rule finds the fault that it is there for, and names file, flow, key and cure."""

import shutil
from pathlib import Path

import pytest

from bot.app.load import load_world
from bot.conversation.flow import Flows
from bot.conversation.flow_file import read
from bot.conversation.lint import Problem, lint
from bot.errors import FileError
from bot.paths import FLOWS, LOCALES


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """Our flows, to be broken."""
    return Path(shutil.copytree(FLOWS, tmp_path / "flows"))


def change(folder: Path, flow: str, old: str, new: str) -> None:
    path = folder / f"{flow}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def add(folder: Path, flow: str, text: str) -> None:
    path = folder / f"{flow}.toml"
    path.write_text(f"{path.read_text('utf-8')}\n{text}\n", "utf-8")


def found(folder: Path) -> list[Problem]:
    return lint(folder)


def test_the_shipped_flows_have_no_problems() -> None:
    assert lint(FLOWS) == []


FAULTS = [
    # --- names
    ("help", 'initial = "idle"', 'initial = "asleep"', "flow help: initial", "unknown state 'asleep'"),
    ("help", 'source = "idle"', 'source = "asleep"', "transition 'start' from 'asleep'", "unknown state 'asleep'"),
    ("stop", '["already_stopped"]', '["stopped_already"]', "flow stop: ", "unknown condition 'stopped_already'"),
    ("opt_in", '["record_lapsed"]', '["record_laps"]', "'lapse' from 'asked'", "unknown effect 'record_laps'"),
    ("language", '"languages"', '"tongues"', "flow language: state 'asked'", "unknown choices_from 'tongues'"),
    ("human", 'name = "told"', 'name = "idle"', "flow human: state 'idle'", "stands there 2 times"),
    ("help", '["help"]', '["hulp"]', "flow help: intents", "unknown intent 'hulp'"),
    ("help", '["help"]', '["help", "yes"]', "flow help: intents", "unknown intent 'yes'"),
    ("help", '["help"]', '["help", "human"]', "flow human: intents", "also claimed in"),
    ("help", '["help"]', "[]", "", "no flow claims the intent 'help'"),
    (
        "language",
        'choices_from = "languages"',
        'choices_from = "languages"\ntemplate = "utility"',
        "flow language: state 'asked'",
        "choices that differ by person",
    ),
    # --- ways
    ("help", 'dest = "told"', 'dest = "idle"', "flow help: state 'told'", "can't be reached"),
    ("help", "final = true", "", "flow help: state 'told'", "can't be left"),
    ("opt_in", 'unclear = "clarify"', 'unclear = "clarify"\nfinal = true', "state 'asked'", "never left"),
    ("opt_in", 'expires = "lapse"', 'expires = "laps"', "flow opt_in: state 'asked'", "expires by 'laps'"),
    ("help", '["my_choices", "rig', '["list", "rig', "flow help: state 'told'", "choice 'list' leads nowhere"),
    ("maybe_stop", '["stop", "keep"]', '["stop", "kept"]', "state 'asked'", "choice 'kept' leads nowhere"),
    ("stop", 'conditions = ["overtaken"]', "", "flow stop: transition 'start' from 'idle'", "never happens"),
    ("maybe_stop", '\nbefore', '\nconditions = ["nothing_given"]\nbefore', "'start' from 'idle'", "may lead nowhere"),
    ("language", 'trigger = "set_language"', 'trigger = "set"', "flow language: ", "nothing begins by 'set_language'"),
    ("my_choices", 'trigger = "withdraw_one"', 'trigger = "one"', "transitions", "nothing begins by 'withdraw_one'"),
    ("help", 'trigger = "start"', 'trigger = "begin"', "flow help: transitions", "nothing begins by 'start'"),
    ("stop", 'trigger = "taken_back"', 'trigger = "start"', "flow stop: transitions", "nothing begins by 'taken_back'"),
    ("opt_in", 'trigger = "ask_anew"', 'trigger = "anew"', "'anew' from 'idle'", "nothing fires it"),
    ("correct", 'trigger = "typed"', 'trigger = "written"', "'written' from 'asked'", "nothing fires it"),
    ("maybe_stop", 'trigger = "ask_again"', 'trigger = "no"', "state 'asked'", "can't be asked again"),
    ("rights", '"my_data", ', "", "flow rights: states", "does not offer the right of access"),
    # --- texts
    ("help", 'say = "help"', 'say = "halp"', "flow help: state 'told'", "there is no text 'halp'"),
    ("opt_in", '"say:welcome"', '"say:wellcome"', "transition 'yes' from 'asked'", "there is no text 'wellcome'"),
    ("help", 'say = "help"', 'say = "yes"', "flow help: state 'told'", "is a button and can't stand here"),
    ("help", 'say = "help"', "", "flow help: state 'told'", "has choices under no text"),
    ("help", "{human_word}: a person", "{human_word.x}: a person", "flow help: texts.help", "not plain"),
    ("help", "*{business}*. What", "*{business}*, {stop_word}. What", "texts.unsubscribed", "no value for"),
    ("help", "{human_word}: a person", "{weather}: {human_word}", "flow help: texts.help", "{weather}"),
    ("language", 'en = "From now', 'vars = { purpose = "x" }\nen = "From now', "texts.changed", "vars has 'purpose'"),
    ("common", 'en = "Yes, I agree"', 'en = "Yes, certainly, I agree"', "flow common: texts.yes", "has 23 characters"),
    ("common", 'en = "Yes, I agree"', 'en = "Yes,\\nI agree"', "flow common: texts.yes", "has a line break"),
    ("common", 'en = "My choices"', 'en = "My rights"', "flow help: state 'told'", "two of its choices look the same"),
    ("help", "[texts.unsubscribed]", "[texts.subscribed]", "flow help: texts.subscribed", "is never said"),
    ("help", "[texts.unsubscribed]", "[texts.subscribed]", "", "there is no text 'help.unsubscribed'"),
    ("common", "[texts.footer]", "[texts.feet]", "", "there is no text 'common.footer'"),
    # --- law
    ("opt_in", "{description}\n\nPrivacy: {notice_url}", "{description}", "state 'asked'", "without {notice_url}"),
    ("opt_in", "{notice_url}\n\nPlease tap a button.", "", "state 'asked'", "'opt_in.clarify' asks for consent"),
    ("opt_in", "legal = true", "", "flow opt_in: state 'asked'", "not marked legal"),
    ("opt_in", 'choices = ["yes", "no"]', 'choices = ["yes"]', "state 'asked'", "without offering yes and no"),
    ("opt_in", 'expires = "lapse"', "", "state 'asked'", "waits for ever"),
    ("opt_in", 'say = "ask"', "", "state 'asked'", "records a question that it does not ask"),
    ("opt_in", '"next_purpose"]\nafter =', '"next_purpose", "record_requested"]\nafter =', "", "before it is said"),
    ("opt_in", '["answers_the_pending_request", "more', '["more', "'yes' from 'asked'", "may answer nothing"),
    ("delete", 'conditions = ["types_the_code"]', "", "'typed' from 'asked'", "erases a person by mistake"),
    ("object", 'before = ["record_objected"]', "", "flow object: transition 'start'", "without heeding it"),
    ("stop", 'before = ["record_withdrawn"]', "", "flow stop: transition 'start'", "answers STOP without withdrawing"),
    ("maybe_stop", 'before = ["record_paused"]', "", "flow maybe_stop: transition", "sends on meanwhile"),
    ("maybe_stop", 'before = ["record_kept"]', "", "flow maybe_stop: state 'asked'", "does not heed 'keep'"),
    ("help", 'dest = "told"', 'dest = "told"\nafter = ["record_requested"]', "flow opt_in: state 'asked'", "so does"),
    ("common", "Reply {stop_word} to", "Write to", "flow common: texts.footer", "is not the way out"),
]  # fmt: skip


@pytest.mark.parametrize(("flow", "old", "new", "where", "what"), FAULTS, ids=[f"{one[0]}: {one[4]}" for one in FAULTS])
def test_a_fault_is_found(flows: Path, flow: str, old: str, new: str, where: str, what: str) -> None:
    change(flows, flow, old, new)
    problems = found(flows)
    assert any(where in problem.where and what in problem.what for problem in problems), "\n".join(map(str, problems))
    assert all(problem.cure and str(flows) in problem.where for problem in problems)


def test_more_than_ten_choices_are_reported(flows: Path) -> None:
    names = [f"way_{number}" for number in range(11)]
    change(flows, "help", 'choices = ["my_choices", "rights", "human"]', f"choices = {names}")
    for name in names:
        add(flows, "help", f'[texts.{name}]\nkind = "button"\nen = "{name}"')
    assert any("has 11 choices" in problem.what for problem in found(flows))


def test_flows_without_a_state_that_asks_for_consent_are_reported(flows: Path) -> None:
    path = flows / "opt_in.toml"
    path.write_text(path.read_text("utf-8").replace('after = ["record_requested"]\n', ""), "utf-8")
    assert any(problem.what == "no state asks for consent" for problem in found(flows))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("flow = 1 2", ":1", "not valid TOML"),
        ('flow = "Help"', ":1", "flow: not a name"),
        ('intents = ["help"]', "", "flow: missing"),
        ('flow = "more"\ncolour = "red"', ":2", "colour: unknown key"),
        ('flow = "more"\n[[states]]\nname = "a"\n[[states]]\nname = "b"\nsays = "c"', ":6", "unknown key"),
        ('flow = "help"', "", "is also in"),
    ],
)
def test_an_invalid_flow_file_is_reported(flows: Path, text: str, line: str, what: str) -> None:
    (flows / "more.toml").write_text(text, "utf-8")
    (problem,) = found(flows)
    assert what in problem.what
    assert problem.where == f"{flows / 'more.toml'}{line}"


@pytest.mark.parametrize(
    ("flow", "old", "new"),
    [
        ("opt_in", 'before = ["next_purpose", "lead:number_changed"]', 'before = ["no_effect"]'),
        ("stop", 'say = "already"', 'say = "no_text"'),
        ("stop", "Done. You won't get any messages", "Done. {nothing}"),
    ],
)
def test_a_fault_is_reported_with_its_line(flows: Path, flow: str, old: str, new: str) -> None:
    change(flows, flow, old, new)
    lines = (flows / f"{flow}.toml").read_text("utf-8").splitlines()
    faulty = next(number for number, line in enumerate(lines) if new in line)
    while not lines[faulty].startswith("["):
        faulty -= 1
    told = [problem.where for problem in found(flows)]
    assert any(where.startswith(f"{flows / flow}.toml:{faulty + 1}: ") for where in told), told


def test_a_folder_without_flows_is_reported(tmp_path: Path) -> None:
    assert "no flow here" in found(tmp_path)[0].what


def test_loading_fails_if_a_flow_has_a_fault(flows: Path) -> None:
    change(flows, "stop", 'before = ["record_withdrawn"]', "")
    with pytest.raises(FileError, match=r"stop\.toml:\d+: flow stop: .*answers STOP without withdrawing; add before"):
        load_world(flows, LOCALES)


def test_a_flow_with_only_harmless_problems_loads(flows: Path) -> None:
    add(flows, "help", '[texts.left_over]\nkind = "body"\nen = "Nobody says this."')
    assert [problem.harmless for problem in found(flows)] == [True]
    assert "help" in Flows(read(flows))

"""Guards, effects and lists of choices of a host program, which the company's own flows name."""

from pathlib import Path

import pytest

from bot import Functions, Option, Turn
from bot.app.functions import functions_of
from bot.app.load import load_world
from bot.conversation.functions import OURS
from bot.environment import SettingsError
from bot.errors import FileError
from bot.settings import load_settings
from bot.testing import Conversation
from tests.own_folder import HOURS, shop

CLOSED = """
[[states]]
name = "closed"
say = "closed"
choices_from = "days"
final = true

[[transitions]]
trigger = "start"
source = "idle"
dest = "closed"
conditions = ["is_holiday"]
after = ["count_it"]

[[transitions]]
"""
DIALOGUE = (
    HOURS.replace("[[transitions]]", CLOSED.strip(), 1)
    + """
[texts.closed]
kind = "body"
en = "We are closed today."

[texts.monday]
kind = "button"
en = "On Monday"
"""
)


def functions(counted: list[str], *, holiday: bool) -> Functions:
    def is_holiday(_: Turn) -> bool:
        return holiday

    def count_it(turn: Turn) -> None:
        counted.append(turn.session.state)

    def days(_: Turn) -> list[Option]:
        return [Option("human", "hours.monday")]

    return Functions(guards={"is_holiday": is_holiday}, effects={"count_it": count_it}, choices={"days": days})


@pytest.mark.parametrize(("holiday", "said", "counted"), [(True, "closed", ["closed"]), (False, "told", [])])
def test_a_flow_uses_a_hosts_functions(tmp_path: Path, holiday: bool, said: str, counted: list[str]) -> None:
    found: list[str] = []
    own = OURS.with_own(functions(found, holiday=holiday))
    talk = Conversation(*load_world(own=shop(tmp_path, dialogue=DIALOGUE), functions=own), locale="en")
    talk.says("opening hours")
    assert talk.said == [f"hours.{said}"]
    assert found == counted


def test_a_function_that_nobody_gave_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="unknown condition 'is_holiday'") as error:
        load_world(own=shop(tmp_path, dialogue=DIALOGUE))
    assert "unknown effect 'count_it'" in str(error.value)
    assert "unknown choices_from 'days'" in str(error.value)


def test_a_name_of_ours_is_never_replaced() -> None:
    for taken in (
        Functions(guards={"nothing_given": lambda turn: True}),
        Functions(effects={"record_withdrawn": lambda turn: None}),
    ):
        with pytest.raises(SettingsError, match="taken by a function of consentbot; rename yours"):
            functions_of(load_settings(None), taken)


def test_a_name_that_no_flow_can_write_is_refused() -> None:
    with pytest.raises(ValueError, match="'say:hello' is no name"):
        Functions(effects={"say:hello": lambda turn: None})


def test_the_environment_names_functions_in_the_companys_folder(tmp_path: Path) -> None:
    """So that commands, which no host program starts, read the same flows."""
    (tmp_path / "shop_functions_of_a_test.py").write_text(
        "from bot import Functions\nOWN = Functions(guards={'is_holiday': lambda turn: True})\n", "utf-8"
    )
    settings = load_settings(None, app_dir=tmp_path, app_functions="shop_functions_of_a_test:OWN")
    assert "is_holiday" in functions_of(settings).guards
    assert functions_of(load_settings(None)) is OURS


def test_a_module_that_fails_at_its_import_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "failing_functions_of_a_test.py").write_text("petals = 0\n1 / petals\n", "utf-8")
    settings = load_settings(None, app_dir=tmp_path, app_functions="failing_functions_of_a_test:OWN")
    with pytest.raises(
        SettingsError, match=r"ZeroDivisionError: division by zero \(failing_functions_of_a_test.py:2\)"
    ):
        functions_of(settings)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("no_such_module:OWN", "APP_FUNCTIONS: there is no module no_such_module; run"),
        (".math:OWN", "APP_FUNCTIONS: not module:name; write"),
        ("math", "APP_FUNCTIONS: not module:name; write"),
        ("math:OWN", "math:OWN is no Functions"),
        ("math:pi", "math:pi is no Functions"),
        (":", "not module:name"),
    ],
)
def test_functions_that_are_not_there_are_reported(named: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        functions_of(load_settings(None, app_functions=named))

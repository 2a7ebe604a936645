"""`requests` and `person show` after a chat about one's rights: what waits, in whose words, and what became of it."""

import json
import re
from pathlib import Path

import pytest

from bot.commands.running import harmless
from bot.paths import FLOWS
from tests.commands.shell import ANA, Run

BEN = "+447911123457"


@pytest.fixture
def dpo(run: Run, tmp_path: Path, var_dir: Path) -> Run:
    """Commands after Ana restricted the use of her data, and Ben had a correction noted before he was erased."""
    for who, lines in (
        (ANA, "Hi\nYES\nNO\nRESTRICT\nCORRECT MY DATA\nZanzibar is no street of mine\n"),
        (BEN, "Hi\nYES\nNO\nCORRECT MY DATA\nmy name is Ben\nDELETE\n/code\n"),
    ):
        script = tmp_path / "script.txt"
        script.write_text(lines, "utf-8")
        code, output = run("chat", "--script", str(script), "--as", who)
        assert code == 0, output
    nothing = {"REDIS_URL": None, "DATABASE_URL": None, "SECRET_KEY": None, "VAR_DIR": str(var_dir / "simulation")}
    return lambda *arguments, **more: run(*arguments, **nothing | {"COLUMNS": "80"} | more)


def person_of(dpo: Run, address: str) -> str:
    return str(json.loads(dpo("person", "show", address, "--json")[1])["person"])


def test_the_days_left_are_counted_in_the_controller_s_time_zone(dpo: Run, tmp_path: Path) -> None:
    text, left = (FLOWS / "business.toml").read_text("utf-8"), []
    for number, zone in enumerate(("Etc/GMT+12", "Etc/GMT-14")):  # 26 hours apart: never the same day in both
        file = tmp_path / f"business{number}.toml"  # what was read stays in memory
        file.write_text(text.replace("Europe/Berlin", zone), "utf-8")
        told = dpo("requests", "list", BUSINESS_FILE=str(file))[1]
        (days,) = re.findall(r"(\d+) days left", told)
        left.append(int(days))
    assert left[0] > left[1]


def test_requests_are_listed_and_shown_in_full_unless_the_person_is_erased(dpo: Run) -> None:
    ana, ben = person_of(dpo, ANA), person_of(dpo, BEN)
    waiting = json.loads(dpo("requests", "list", "--json")[1])
    ids = {one["person"]: one["id"] for one in waiting if one["right"] == "rectification"}
    assert ids.keys() == {ana}, "what Ben wanted corrected is closed: he is erased"
    known = json.loads(dpo("person", "show", BEN, "--json")[1])
    (ids[ben],) = (one["id"] for one in known["requests"] if one["right"] == "rectification")
    assert "anzibar" not in dpo("requests", "list")[1], "what they wrote is shown one by one"

    _, shown = dpo("requests", "show", ids[ana])
    assert "in their words: Zanzibar is no street of mine" in shown
    assert "erased" not in shown

    _, shown = dpo("requests", "show", ids[ben])
    assert "the person was erased" in shown
    assert "Ben" not in shown
    assert json.loads(dpo("requests", "show", ids[ben], "--json")[1])["erased_at"]

    _, shown = dpo("person", "show", ANA)
    assert max(map(len, shown.splitlines())) <= 80
    for told in ("held by", "restricted", "rectification", "person show"):
        assert told in shown
    consents = json.loads(dpo("person", "show", ANA, "--json")[1])["consents"]
    assert [one["restricted"] for one in consents] == [True, True]

    _, told = dpo("ledger", "show", BEN)
    assert "erased every purpose" in told
    assert "to be answered until" in told


def test_a_request_names_the_person_and_says_how_to_answer(dpo: Run) -> None:
    code, shown = dpo("requests", "show", "+44 7911 123456")
    assert code == 0
    for told in (
        f"their address: {ANA}, in en",
        "last question, offers",
        "answered with no",
        "answer in the chat until",
    ):
        assert told in shown
    reach = json.loads(dpo("requests", "show", ANA, "--json")[1])["reach"]
    assert (reach["phone"], reach["withheld"], reach["locale"]) == (ANA, None, "en")


def test_a_request_closed_by_a_number_as_it_is_written_is_answered_in_the_chat(
    dpo: Run, run: Run, tmp_path: Path
) -> None:
    code, told = dpo("requests", "close", "tel:+44-7911-123456", "--because", "corrected", "--reason", "Alles gut!")
    assert (code, "They are told" in told) == (0, True), told
    script = tmp_path / "later.txt"
    script.write_text("hello\n", "utf-8")
    _, chat = run("chat", "--script", str(script), "--as", ANA)
    for part in ("answers your request", "corrected your data as you wrote", "“Alles gut!”"):
        assert part in chat
    _, shown = dpo("requests", "show", ANA)
    assert "corrected; Alles gut!" in shown
    assert "answer in the chat" not in shown, "nothing is left to answer"


def test_an_answer_given_elsewhere_is_noted_and_not_sent(dpo: Run) -> None:
    code, told = dpo("requests", "close", ANA, "--refused", "--because", "checked", "--told", "by phone")
    assert (code, told) == (0, "Noted: refused. You told them by phone.\n")
    assert "checked; told by phone" in dpo("requests", "show", ANA)[1]


def test_what_a_person_wrote_can_t_steer_the_terminal(dpo: Run, run: Run, tmp_path: Path) -> None:
    words, carl = "\x1b[2J\x9b31m\u202edone 👩\u200d🌾", "+447911123458"
    script = tmp_path / "steering.txt"
    script.write_text(f"Hi\nYES\nNO\nCORRECT MY DATA\n{words}\n", "utf-8")
    assert run("chat", "--script", str(script), "--as", carl)[0] == 0
    _, shown = dpo("requests", "show", carl)
    assert "in their words: \\u001b[2J\\u009b31m\\u202edone 👩\u200d🌾" in shown
    _, document = dpo("requests", "show", carl, "--json")
    assert not {"\x1b", "\x9b", "\u202e"} & set(document)
    assert json.loads(document)["details"] == words


def test_further_lines_of_what_a_person_wrote_don_t_pass_for_ours() -> None:
    assert harmless("Hello\r\n  2026-12-01  done\tby operator:eve") == "Hello\n    │   2026-12-01  done by operator:eve"


def test_an_address_stands_for_the_only_request_that_waits(dpo: Run) -> None:
    assert dpo("person", "object", ANA, "--all", "--channel", "letter", "--reason", "her letter")[0] == 0
    code, told = dpo("requests", "close", ANA)
    assert code == 1
    assert "name one of" in told
    assert ANA not in told
    code, told = dpo("requests", "show", "+447911999999")
    assert (code, "requests list" in told) == (1, True)


def test_the_retention_table_fits_a_terminal_of_80_columns(run: Run) -> None:
    code, output = run("retention", "--dry-run", COLUMNS="80")
    assert code == 0
    table = output.partition("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 80
    assert table[0].split()[-1] == "held"
    for rule in ("prospect_after_last_contact", "question_expires_after", "validity"):
        (line,) = (line for line in table if line.startswith(rule))
        assert line.split()[-1].isdecimal()


def test_no_progress_bar_is_printed_without_a_terminal(run: Run) -> None:
    assert run("rotate-keys")[1].startswith("0 persons renewed")
    assert run("replay-erasures")[1].startswith("0 erasures known")


def test_replaying_an_unknown_dead_letter_is_reported(run: Run) -> None:
    code, output = run("deadletter", "replay", "0:1-1")
    assert code == 1
    assert "there is no dead letter 0:1-1; see `deadletter list`" in output

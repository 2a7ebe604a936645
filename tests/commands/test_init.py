"""`init` makes a company's folder, with which everything else works at once."""

import json
import stat
import tomllib
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner, Result

from bot.app.company_checks import company_checks
from bot.app.load import load_world
from bot.app.new_company import Answers, business, make
from bot.commands import init as command
from bot.commands.cli import app
from bot.errors import OperatorError
from bot.settings import load_settings

FLAGS = {
    "--name": "Fahrrad Krause",
    "--address": "Krause OHG, Ring 3, 50667 Köln",
    "--email": "info@krause.de",
    "--country": "DE",
    "--languages": "de,en",
    "--notice": "de=https://krause.de/datenschutz",
}
TODAY = date(2026, 12, 1)


def init(folder: Path, *more: str, typed: str | None = None, **changed: str) -> Result:
    flags = FLAGS | {f"--{name}": value for name, value in changed.items()}
    words = [word for pair in flags.items() if pair[1] for word in pair]
    return CliRunner().invoke(app, ["init", str(folder), *words, *more], input=typed, env={"COLUMNS": "200"})


def answers(**changed: object) -> Answers:
    known = {"name": "K", "address": "K, Köln", "email": "i@krause.de", "country": "DE", "timezone": "Europe/Berlin"}
    more = {"language": "de", "languages": (), "notice": {"de": "https://krause.de"}, "human_email": "i@krause.de"}
    return Answers(**known | more | changed)  # type: ignore[arg-type]


def test_the_folder_works_at_once_and_nothing_of_the_sample_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "krause"
    result = init(folder, "--notice", "en=https://krause.de/privacy")
    assert result.exit_code == 0, result.output
    world, _ = load_world(own=folder)
    assert sorted(world.texts.offered) == ["de", "en"]
    assert world.business.controller.timezone == "Europe/Berlin"
    checks = company_checks(world.business, world.texts.offered, date.max, source="business.toml")
    assert [check.detail for check in checks if not check.ok] == []
    assert "doctor" in result.output
    assert "Blumen" not in "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())


def test_its_environment_names_the_folder_and_has_secrets_that_nobody_else_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(tmp_path / "krause")
    file = tmp_path / "krause" / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.chdir(file.parent)
    read = load_settings()
    assert read.app_dir == Path()
    assert len(read.secret_key[0].get_secret_value()) == 64
    init(tmp_path / "other")
    assert (tmp_path / "other" / ".env").read_text() != file.read_text()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "business.toml").write_text("mine")
    result = init(tmp_path)
    assert result.exit_code == 1
    assert "has business.toml already" in result.output
    assert [path.name for path in tmp_path.rglob("*")] == ["business.toml"]
    assert (tmp_path / "business.toml").read_text() == "mine"


def test_what_else_is_in_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("mine")
    assert init(tmp_path).exit_code == 0
    assert (tmp_path / "shop.py").read_text() == "mine"


def test_a_script_is_told_every_option_that_is_missing(tmp_path: Path) -> None:
    result = init(tmp_path / "krause", name="", email="")
    assert result.exit_code == 1
    assert "give --name, --email, --human-email" in result.output
    assert not (tmp_path / "krause").exists()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"email": "info"}, "controller.email: not an e-mail address"),
        ({"country": "XX"}, "country: no public holidays"),
        ({"timezone": "Berlin"}, "timezone: not a time zone"),
        ({"languages": "de,xx"}, "there is no language xx"),
        ({"notice": "https://krause.de"}, "has no language"),
        ({"name": "*Krause*"}, "controller.name"),
        ({"purposes": "spam"}, "--purposes spam: name some of order_updates, offers"),
    ],
)
def test_a_wrong_answer_is_told_before_anything_is_written(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    result = init(tmp_path / "krause", **{"timezone": "Europe/Berlin", "language": "de"} | changed)
    assert result.exit_code == 1
    assert told in result.output
    assert not (tmp_path / "krause").exists()


def test_at_a_terminal_it_asks_and_offers_what_is_likely(tmp_path: Path) -> None:
    typed = [
        "Café Noir",
        "Café Noir SARL, 1 rue Haute, 69001 Lyon",
        "bonjour@noir.fr",
        "fr",
        "",  # the time zone of France
        "",  # its language
        "fr, en",
        "https://noir.fr/confidentialite",
        "",  # the same e-mail
        *("", "", ""),  # no phone, no hours, no data protection officer
    ]
    with patch.object(command, "at_terminal", lambda: True):
        words = ["init", str(tmp_path / "noir")]
        result = CliRunner().invoke(app, words, input="\n".join(typed) + "\n", env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    found = tomllib.loads((tmp_path / "noir" / "business.toml").read_text("utf-8"))
    assert (found["default_locale"], found["languages"]) == ("fr", ["fr", "en"])
    assert found["controller"]["timezone"] == "Europe/Paris"
    assert found["human"] == {"email": "bonjour@noir.fr"}
    assert "dpo" not in found["controller"]


def test_a_purpose_that_is_not_wanted_is_left_out_with_its_template() -> None:
    found = tomllib.loads(business(answers(purposes=("offers",)), TODAY))
    assert [purpose["id"] for purpose in found["purposes"]] == ["offers"]
    assert [template["purpose"] for template in found["templates"]] == ["offers"]
    assert found["notices"] == [
        {"version": "2026-12-01", "published": TODAY, "change": "material", "url": {"de": "https://krause.de"}}
    ]


@pytest.mark.parametrize("name", ['"quoted"', "back\\slash", "# no comment", "Zoë & Söhne", "[purposes]"])
def test_whatever_the_company_is_called_stands_in_the_file_as_it_is(name: str) -> None:
    more = {"dpo_email": "dpo@krause.de", "phone": "+49 221 1", "hours": "9:00"}
    found = tomllib.loads(business(answers(name=name, dpo_name=name, **more), TODAY))
    assert found["controller"]["name"] == found["controller"]["dpo"]["name"] == name
    assert (found["human"]["phone"], found["human"]["hours"]) == ("+49 221 1", "9:00")
    assert json.dumps(found, default=str)


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "krause").write_text("")
    result = init(tmp_path / "krause")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_making_it_twice_fails_the_second_time(tmp_path: Path) -> None:
    assert make(tmp_path / "k", answers(), TODAY)
    with pytest.raises(OperatorError, match="nothing is overwritten"):
        make(tmp_path / "k", answers(), TODAY)

"""`init` makes a company's folder, with which everything else works at once."""

import json
import re
import shlex
import stat
import tomllib
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner, Result

from bot import __version__
from bot.app.company_checks import company_checks
from bot.app.load import load_world
from bot.app.new_company import SAMPLE_S_OFFERS, Answers, business
from bot.commands import init as command
from bot.commands.cli import app
from bot.paths import FLOWS
from bot.settings import load_settings
from tests.deploy import ROOT, read_yaml

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


def test_a_business_file_that_cannot_be_read_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "business.toml").write_text("mine")
    result = init(tmp_path)
    assert result.exit_code == 1
    assert "business.toml: not valid TOML" in result.output
    assert [path.name for path in tmp_path.rglob("*")] == ["business.toml"]
    assert (tmp_path / "business.toml").read_text() == "mine"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("flags", [True, False])
def test_a_second_run_changes_nothing_and_asks_nothing(tmp_path: Path, flags: bool) -> None:
    init(tmp_path)
    before = files(tmp_path)
    again = init(tmp_path, name="Others") if flags else CliRunner().invoke(app, ["init", str(tmp_path)])
    assert (again.exit_code, files(tmp_path)) == (0, before)
    assert "wrote" not in again.output
    assert f"kept  {tmp_path / 'Procfile'}" in again.output
    assert "stays as it is" in again.output


@pytest.mark.parametrize("lost", ["compose.yaml", ".env", "README.md", "locales/en/keywords.toml"])
def test_a_second_run_adds_what_is_missing(tmp_path: Path, lost: str) -> None:
    init(tmp_path)
    before = files(tmp_path)
    (tmp_path / lost).unlink()
    again = init(tmp_path)
    assert again.exit_code == 0
    assert [line for line in again.output.splitlines() if line.startswith("wrote")] == [f"wrote {tmp_path / lost}"]
    after = files(tmp_path)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == ({".env"} if lost == ".env" else set())
    assert ("new SECRET_KEY" in again.output) is (lost == ".env")


@pytest.mark.parametrize("folder", [FLOWS.parent, FLOWS])
def test_the_program_s_own_folder_is_not_taken_for_the_company_s(folder: Path) -> None:
    result = init(folder)
    assert result.exit_code == 1
    assert "the program's own folder; name another" in result.output


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


def test_its_processes_run_what_ours_do_with_the_installed_package(tmp_path: Path) -> None:
    """As `honcho start` and Heroku run ours: tests/test_procfile.py."""
    init(tmp_path)
    ours = (ROOT / "Procfile").read_text("utf-8")
    assert (tmp_path / "Procfile").read_text("utf-8") == ours.replace("python -m bot", "python -m consentbot")


def test_its_compose_file_runs_what_ours_does_with_the_installed_package(tmp_path: Path) -> None:
    init(tmp_path)
    found, ours = read_yaml(tmp_path / "compose.yaml"), read_yaml(ROOT / "compose.yaml")
    assert found["volumes"] == ours["volumes"]
    assert found["services"].keys() == ours["services"].keys()
    for name, service in found["services"].items():
        expected = json.loads(json.dumps(ours["services"][name]).replace("-m bot", "-m consentbot"))
        expected["command"] = [
            word.replace("bot", "consentbot") if word == "bot" else word for word in expected.get("command", ())
        ]
        for variables in (service["environment"], expected["environment"]) if "environment" in service else ():
            for key in ("POSTGRES_PASSWORD", "DATABASE_URL"):
                variables[key] = re.sub(r":\?.*?}", "}", variables.get(key, ""))
        assert service.pop("image", "").replace("-company", "") == expected.pop("image", "")
        assert service | {"command": service.get("command", [])} == expected, name


@pytest.mark.parametrize(("purposes", "told"), [("offers", True), ("order_updates", False)])
def test_what_is_still_the_sample_s_is_told(tmp_path: Path, purposes: str, told: bool) -> None:
    result = init(tmp_path, purposes=purposes)
    assert ("still those of the sample" in result.output) is told
    assert (SAMPLE_S_OFFERS in (tmp_path / "business.toml").read_text("utf-8")) is told


def test_what_compose_asks_for_is_in_the_environment_file(tmp_path: Path) -> None:
    init(tmp_path)
    asked = set(re.findall(r"\$\{(\w+)", (tmp_path / "compose.yaml").read_text()))
    given = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines() if "=" in line)
    assert asked == {"POSTGRES_PASSWORD"}
    assert all(len(given[name]) == 64 for name in asked)


def test_its_image_is_ours_but_for_what_is_installed(tmp_path: Path) -> None:
    init(tmp_path)
    kept = ("CMD", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "    CMD", "RUN useradd", "    && install")
    found, ours = ((folder / "Dockerfile").read_text("utf-8").splitlines() for folder in (tmp_path, ROOT))
    alike = [line.replace('"bot"', '"consentbot"') for line in ours if line.startswith(kept)]
    assert [line for line in found if line.startswith(kept)] == alike
    assert f"FROM python:{(ROOT / '.python-version').read_text().strip()}-slim" in found
    assert ".env" in (tmp_path / ".dockerignore").read_text().splitlines(), "no secret gets into an image"
    assert f"consentbot-{__version__}-py3-none-any.whl" in (tmp_path / "requirements.txt").read_text()


def test_answers_that_are_refused_can_be_repeated_without_typing_them_again(tmp_path: Path) -> None:
    typed = ["K & Söhne", "Köln", "not an address", "de", "", "", "de", "https://k.de", "i@k.de", "", "", ""]
    with patch.object(command, "at_terminal", lambda: True):
        refused = CliRunner().invoke(app, ["init", str(tmp_path / "k")], input="\n".join(typed) + "\n")
    assert refused.exit_code == 1
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("python -m bot init")]
    words = shlex.split(line.replace("not an address", "i@k.de"))[3:]
    assert CliRunner().invoke(app, words).exit_code == 0
    found = tomllib.loads((tmp_path / "k" / "business.toml").read_text("utf-8"))
    assert (found["controller"]["name"], found["notices"][0]["url"]) == ("K & Söhne", {"de": "https://k.de"})

"""The units: systemd takes them, and what they start exists."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.channels import variables
from tests.deploy import DEPLOY, ROOT, commands, is_command

UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


def values(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


def test_there_are_units_for_release_web_workers_and_backups() -> None:
    assert [unit.name for unit in UNITS] == [
        "consentbot-backup.service",
        "consentbot-backup.timer",
        "consentbot-release.service",
        "consentbot-web.service",
        "consentbot-worker@.service",
    ]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_each_unit_starts_what_exists_as_an_ordinary_user(unit: Path) -> None:
    assert values(unit, "User") == ["consentbot"]
    for start in values(unit, "ExecStart"):
        program, *_ = start.split()
        if told := commands(start):
            assert program == "/opt/consentbot/.venv/bin/python"
            assert all(map(is_command, told))
        else:
            assert (ROOT / program.removeprefix("/opt/consentbot/")).is_file()


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_each_unit_sets_only_what_is_read(unit: Path) -> None:
    (told,) = values(unit, "Environment")
    names = {pair.partition("=")[0] for pair in told.split()}
    assert names - {"PYTHONUNBUFFERED", "PYTHON"} <= {name.upper() for name in variables()}
    assert values(unit, "EnvironmentFile") == ["/etc/consentbot.env"]


def test_no_two_processes_of_a_machine_have_the_same_port_for_metrics() -> None:
    ports = [
        found
        for unit in SERVICES
        for text in values(unit, "Environment")
        for found in re.findall(r"METRICS_PORT=(\S+)", text)
    ]
    assert sorted(ports) == ["910%i", "9100"]  # workers have the numbers from 1 to 9


def test_a_worker_has_longer_to_stop_than_it_needs() -> None:
    for name in ("consentbot-web.service", "consentbot-worker@.service"):
        (seconds,) = values(DEPLOY / "systemd" / name, "TimeoutStopSec")
        assert int(seconds) > 30


def test_the_timer_starts_a_unit_that_is_there() -> None:
    for unit in UNITS:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.read_string(unit.read_text("utf-8"))
        if unit.suffix == ".timer":
            assert unit.with_suffix(".service") in SERVICES


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_takes_each_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/consentbot/.venv/bin/python", sys.executable)
        (tmp_path / unit.name.replace("@", "@1")).write_text(text.replace("/opt/consentbot", str(ROOT)))
    files = [f"./{path.name}" for path in tmp_path.iterdir()]
    told = subprocess.run(["systemd-analyze", "verify", *files], cwd=tmp_path, capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")

"""The distribution: pins with hashes for deploys. What a wheel holds and does: tests/test_wheel.py."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import bot
from bot import paths

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINNED = {
    "requirements.txt": PROJECT["dependencies"],
    "requirements-embedded.txt": PROJECT["dependencies"] + EXTRAS["embedded"],
    "requirements-dev.txt": PROJECT["dependencies"] + [line for extra in EXTRAS.values() for line in extra],
}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+) \\$", re.MULTILINE)


def pins(name: str) -> dict[str, Version]:
    return {canonicalize_name(pin["name"]): Version(pin["version"]) for pin in PIN.finditer((ROOT / name).read_text())}


def test_the_version_is_the_same_everywhere() -> None:
    assert PROJECT["version"] == bot.__version__


@pytest.mark.parametrize("name", PINNED)
class TestPins:
    def test_declared_dependencies_are_pinned_within_their_range(self, name: str) -> None:
        pinned = pins(name)
        for declared in map(Requirement, PINNED[name]):
            assert declared.specifier.contains(pinned[canonicalize_name(declared.name)]), declared

    def test_each_pin_has_hashes(self, name: str) -> None:
        entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]
        assert len(entries) == len(pins(name))
        assert all("--hash=sha256:" in entry for entry in entries)

    def test_pin_files_name_no_package_index(self, name: str) -> None:
        assert not re.search(r"://|index-url|find-links|trusted-host", (ROOT / name).read_text())

    def test_all_files_pin_the_same_versions(self, name: str) -> None:
        assert pins(name).items() <= pins("requirements-dev.txt").items()


def test_production_installs_neither_engines_nor_tools() -> None:
    extras = {canonicalize_name(Requirement(line).name) for lines in EXTRAS.values() for line in lines}
    assert not extras & pins("requirements.txt").keys()


def test_a_checkout_reads_its_own_folders() -> None:
    assert (paths.FLOWS, paths.LOCALES) == (ROOT / "flows", ROOT / "locales")

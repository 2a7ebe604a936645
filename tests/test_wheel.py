"""The installed package: `consentbot`, beside a program of its user's own that is called `bot`."""

import asyncio
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from bot.app.simulation import somebody
from bot.channels.meta.provider import META
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.hook import Hook
from bot.channels.simulator.person import SimulatedPerson
from tests.free_port import free_port
from tests.own_folder import HOURS

ROOT = Path(__file__).parent.parent
BUILT_FROM = ("bot", "flows", "locales", "docs", "tests", "deploy", "bin")
DEVELOPERS = (ROOT / "docs" / "developer.md").read_text("utf-8")
EXAMPLE = re.findall(r"```python\n(.*?)```", DEVELOPERS, re.DOTALL)[0]
TRANSCRIPT = re.findall(r"```toml\n(.*?)```", DEVELOPERS, re.DOTALL)[0]
PACKAGED = {"bot": "consentbot", "flows": "consentbot/_data/flows", "locales": "consentbot/_data/locales"}
"""Where the wheel has what a checkout has."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the user of the embedded PostgreSQL may enter, unlike pytest's: its programs are linked here."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def checkout(folder: Path) -> Path:
    """A copy of what is built, as it lies about on somebody's disk."""
    copy = folder / "checkout"
    for name in BUILT_FROM:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for path in ROOT.iterdir():
        if path.is_file() and path.name != ".git":
            shutil.copy(path, copy)
    (copy / "locales" / "de" / "LC_MESSAGES" / "bot.mo").write_bytes(b"compiled long ago")
    (copy / "var").mkdir()
    (copy / "var" / "secret").write_text("of this machine")
    return copy


def build(kind: str, source: Path, into: Path) -> Path:
    """Build a `wheel` or an `sdist`, as pip does."""
    call = f"import sys; from hatchling.build import build_{kind} as build; print(build(sys.argv[1]))"
    command = [sys.executable, "-c", call, str(into)]
    built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True)
    return into / built.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(folder: Path, checkout: Path) -> Path:
    return build("wheel", checkout, folder)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def differing(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[str]:
    """The names of files that are in only one of both, or not the same."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def test_a_wheel_holds_each_file_that_the_program_has_and_nothing_else(wheel: Path) -> None:
    expected = {
        f"{PACKAGED[room]}/{path.relative_to(ROOT / room).as_posix()}": path.read_bytes()
        for room in PACKAGED
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".mo")
    }
    assert {Path(name).suffix for name in expected} >= {".lua", ".mako", ".j2", ".ttf", ".json", ".toml", ".po"}
    assert "consentbot/py.typed" in expected
    found = {name: content for name, content in contents(wheel).items() if ".dist-info/" not in name}
    assert differing(found, expected) == []


def test_a_wheel_from_the_sdist_is_the_same(folder: Path, checkout: Path, wheel: Path) -> None:
    sdist = build("sdist", checkout, folder)
    with tarfile.open(sdist) as file:
        assert not any("/var/" in name or name.endswith(".mo") for name in file.getnames())
        file.extractall(folder / "unpacked", filter="data")
    again = build("wheel", folder / "unpacked" / sdist.name.removesuffix(".tar.gz"), folder / "unpacked")
    assert differing(contents(again), contents(wheel)) == []


def production_packages(into: Path) -> Path:
    """Link what requirements-embedded.txt pins, and nothing else: to download it all again takes a minute."""
    into.mkdir()
    pins = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements-embedded.txt").read_text(), re.MULTILINE)
    for pin in pins:
        distribution = importlib.metadata.distribution(pin)
        for name in {path.parts[0] for path in distribution.files or ()} - {"..", "__pycache__"}:
            link = into / name
            if not link.exists():
                link.symlink_to(str(distribution.locate_file(name)))
    return into


@pytest.fixture(scope="module")
def python(folder: Path, wheel: Path) -> Path:
    """The interpreter of an environment with the wheel and what it needs."""
    home = folder / "environment"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    (site,) = home.glob("lib/python*/site-packages")
    (site / "production.pth").write_text(f"{production_packages(folder / 'production')}\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    subprocess.run([*pip, "check"], check=True)
    return python


def users_folder(folder: Path, program: str) -> Path:
    """A folder in which the user has a program of their own."""
    path = folder / program
    path.parent.mkdir(exist_ok=True)
    path.write_text('"""Mine."""\n')
    return folder


@pytest.fixture(params=["bot.py", "bot/__init__.py"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return users_folder(tmp_path, request.param)


def environment(python: Path, **settings: object) -> dict[str, str]:
    names = {name.upper(): str(value) for name, value in settings.items()}
    return {"PATH": f"{python.parent}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1", "COLUMNS": "200", **names}


def test_the_wheel_leaves_the_name_bot_to_the_user(python: Path, own: Path, folder: Path) -> None:
    script = "import bot, consentbot; print(bot.__doc__); from consentbot import paths; print(paths.COMMAND)"
    told = subprocess.run([python, "-c", script], cwd=own, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["Mine.", "python", "-m", "consentbot"]
    elsewhere = subprocess.run([python, "-c", "import bot"], cwd=folder, capture_output=True, text=True)
    assert "No module named 'bot'" in elsewhere.stderr


def run(command: str, cwd: Path, env: dict[str, str], *words: str) -> str:
    """What a command prints that must succeed without complaint."""
    told = subprocess.run([*command.split(), *words], cwd=cwd, env=env, capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
    return told.stdout


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("consentbot --help", "Usage: consentbot [OPTIONS] COMMAND"),
        ("python -m consentbot flows lint", "The dialogues are well."),
    ],
)
def test_a_command_runs_beside_a_user_s_own_bot(python: Path, own: Path, command: str, answer: str) -> None:
    assert answer in run(command, own, environment(python))


def test_the_catalogs_pass_the_check_beside_a_user_s_own_bot(python: Path, tmp_path: Path) -> None:
    own = users_folder(tmp_path, "bot.py")
    checked = subprocess.run(
        ["consentbot", "i18n", "check"], cwd=own, env=environment(python), capture_output=True, text=True
    )
    assert checked.returncode == 0
    assert "0 errors, 0 warnings" in checked.stderr


def test_the_demo_runs_beside_a_user_s_own_bot(python: Path, tmp_path: Path, var_dir: Path) -> None:
    own = users_folder(tmp_path, "bot.py")
    shown = run("python -m consentbot demo --once", own, environment(python, var_dir=var_dir))
    assert re.search(r"given .*order_updates.*YES", shown)


def test_transcripts_are_played_beside_a_user_s_own_bot(python: Path, tmp_path: Path) -> None:
    own = users_folder(tmp_path, "bot.py")
    (own / "mine.toml").write_text(TRANSCRIPT)
    assert "All went as written." in run("python -m consentbot.testing .", own, environment(python))


def test_a_companys_folder_is_made_and_used_and_nothing_is_written_into_the_package(
    python: Path, tmp_path: Path
) -> None:
    own = users_folder(tmp_path, "bot.py")
    answers = "--name Krause --address Köln --email i@krause.de --country DE --notice de=https://krause.de/datenschutz"
    made = run(f"consentbot init shop {answers} --languages de,en", own, environment(python))
    assert "wrote shop/business.toml" in made
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    before = {path: path.stat().st_mtime_ns for path in (site / "consentbot" / "_data").rglob("*")}
    shop = own / "shop"
    (shop / "flows" / "hours.toml").write_text(HOURS, "utf-8")
    (shop / "locales" / "en" / "keywords.toml").write_text('[hours]\nwords = ["opening hours"]\n', "utf-8")
    assert "The dialogues are well." in run("consentbot flows lint", shop, environment(python))
    assert "hours (hours:en:exact)" in run("consentbot i18n say en", shop, environment(python), "opening hours")
    assert "de/LC_MESSAGES/bot.po: updated" in run("consentbot i18n update", shop, environment(python))
    refused = subprocess.run(
        ["consentbot", "i18n", "update"], cwd=own, env=environment(python), capture_output=True, text=True
    )
    assert (refused.returncode, "set APP_DIR to it" in refused.stderr) == (1, True)
    assert {path: path.stat().st_mtime_ns for path in (site / "consentbot" / "_data").rglob("*")} == before


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator() as graph:
        yield graph


@pytest.fixture
def production(python: Path, redis_url: str, database_url: str, graph: GraphSimulator) -> dict[str, str]:
    """What a deployer sets."""
    return environment(
        python,
        redis_url=redis_url,
        database_url=database_url,
        secret_key="0123456789abcdef" * 4,
        whatsapp_token=graph.token,
        whatsapp_app_secret="secret",
        whatsapp_verify_token="verify",
        whatsapp_phone_number_id=graph.phone_number_id,
        graph_url=graph.url,
    )


async def test_the_doctor_passes_beside_a_user_s_own_bot(tmp_path: Path, production: dict[str, str]) -> None:
    own = users_folder(tmp_path, "bot.py")
    answers = "--name Krause --address Köln --email i@krause.de --country DE --notice de=https://krause.de/datenschutz"
    await asyncio.to_thread(run, f"consentbot init shop {answers} --languages de,en", own, production)
    env = production | {"APP_DIR": str(own / "shop")}
    told = await asyncio.to_thread(run, "python -m consentbot doctor", own, env)
    assert "✓ whatsapp" in told
    assert "✓ texts" in told


@asynccontextmanager
async def serving(program: Path, env: dict[str, str]) -> AsyncIterator[None]:
    """Run `python bot.py` until the test is done with it."""
    process = await asyncio.create_subprocess_exec("python", program.name, cwd=program.parent, env=env, stdout=-1)
    assert process.stdout
    try:
        while b"Running on" not in (line := await process.stdout.readline()):
            assert line, "it ended before it served"
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def test_the_documented_host_program_works_when_saved_as_bot_py(
    tmp_path: Path, production: dict[str, str], graph: GraphSimulator
) -> None:
    """The program of docs/developer.md, saved as bot.py and run."""
    port = free_port()
    program = tmp_path / "bot.py"
    program.write_text(EXAMPLE.replace("run_app(program())", f"run_app(program(), host='127.0.0.1', port={port})"))
    async with serving(program, production), aiohttp.ClientSession() as session:
        ana = SimulatedPerson(graph, Hook(f"http://127.0.0.1:{port}{META.path}", "secret", session), somebody())
        _, told, _ = await ana.say("Where is order 1234?", replies=3)
        assert told.text == "Order 1234 is on its way."

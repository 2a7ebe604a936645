"""The Procfile, run as Heroku runs it: release, then a web and two workers; SIGTERM ends all of them in time."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from honcho.environ import parse_procfile

from bot.app.simulation import somebody
from bot.channels.meta.provider import META
from bot.channels.simulator import webhooks
from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.hook import Hook
from tests.free_port import free_port
from tests.stores.certificates import self_signed_certificate
from tests.stores.redis.test_connect import encrypted

ROOT = Path(__file__).parent.parent
PROCESSES = dict(parse_procfile((ROOT / "Procfile").read_text()).processes)


def environment(graph: GraphSimulator, redis_url: str, database_url: str, port: int) -> dict[str, str]:
    """What Heroku sets, and what a deployer fills in."""
    return {
        "DYNO": "run.1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_hex(32),
        "WHATSAPP_TOKEN": graph.token,
        "WHATSAPP_APP_SECRET": "app-secret",
        "WHATSAPP_VERIFY_TOKEN": "verify",
        "WHATSAPP_PHONE_NUMBER_ID": graph.phone_number_id,
        "GRAPH_URL": graph.url,
    }


@contextmanager
def started(name: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            f"exec {PROCESSES[name]}", shell=True, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
async def test_release_web_and_workers_run_and_stop_as_on_heroku(
    redis_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    """Key-Value Store is reached by TLS, under a certificate that nobody vouches for."""
    async with (
        GraphSimulator() as graph,
        aiohttp.ClientSession() as session,
        encrypted(redis_url, self_signed_certificate(tmp_path, "localhost")) as redis_port,
    ):
        port = free_port()
        env = environment(graph, f"rediss://localhost:{redis_port}/0", empty_database_url, port)
        released = await asyncio.to_thread(
            subprocess.run, PROCESSES["release"], shell=True, cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert released.returncode == 0, released.stdout + released.stderr
        log = tmp_path / "log"
        with ExitStack() as stack:
            dynos = [
                stack.enter_context(started(name, env | {"DYNO": f"{name}.{number}"}, log))
                for name, number in (("web", 1), ("worker", 1), ("worker", 2))
            ]
            hook = Hook(f"http://127.0.0.1:{port}{META.path}", "app-secret", session)
            assert (await _answering(session, port))["status"] == "ready"
            async with asyncio.timeout(60):
                while log.read_text().count('"event":"started"') < len(dynos):
                    await asyncio.sleep(0.05)
            people = [somebody() for _ in range(60)]
            for who in people:
                graph.heard(who)
            await asyncio.gather(*(hook.post(webhooks.text(who, "Hello")) for who in people[:30]))
            await graph.wait_for(30)
            await asyncio.gather(*(hook.post(webhooks.text(who, "Hello")) for who in people[30:]))
            began = time.monotonic()
            for dyno in dynos:
                dyno.send_signal(signal.SIGTERM)
            codes = await asyncio.gather(*(asyncio.to_thread(dyno.wait, 30) for dyno in dynos))
            assert codes == [0, 0, 0], log.read_text()
            assert time.monotonic() - began < 15
        assert log.read_text().count('"event":"stopping"') == 3
        with started("worker", env, log):  # what was in hand at the end is the next one's
            await graph.wait_for(len(people))
        assert len({sent.recipient for sent in graph.sent}) == len(people)
        assert len(graph.sent) == len(people)


async def _answering(session: aiohttp.ClientSession, port: int) -> dict[str, Any]:
    """Wait until the web process answers; return what it says about itself."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                    answer: dict[str, Any] = await response.json()
                    return answer
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


@contextmanager
def honcho(env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`honcho start`, as somebody types it in a checkout."""
    command = [sys.executable, "-m", "honcho", "--app-root", str(log.parent), "--procfile", str(ROOT / "Procfile")]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, "start"], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()  # it ends what it has started
        process.wait(30)


@pytest.mark.slow
@pytest.mark.parametrize(("by", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_honcho_migrates_serves_on_port_and_ends_with_ctrl_c(
    redis_url: str, empty_database_url: str, tmp_path: Path, by: signal.Signals, status: int
) -> None:
    async with GraphSimulator() as graph, aiohttp.ClientSession() as session:
        port, log = free_port(), tmp_path / "log"
        env = environment(graph, redis_url, empty_database_url, port) | {"PYTHONUNBUFFERED": "1"}
        del env["DYNO"]
        with honcho(env, log) as process:
            async with asyncio.timeout(90):
                while (await _answering(session, port))["status"] != "ready" or "All is well." not in log.read_text():
                    assert process.poll() is None, log.read_text()
                    await asyncio.sleep(0.05)
                who, hook = somebody(), Hook(f"http://127.0.0.1:{port}{META.path}", "app-secret", session)
                graph.heard(who)
                await hook.post(webhooks.text(who, "Hello"))
                await graph.wait_for(1)
                while "message_answered" not in log.read_text():
                    await asyncio.sleep(0.05)
            process.send_signal(by)
            assert await asyncio.to_thread(process.wait, 30) == status
        lines = log.read_text().splitlines()
        for name in ("web.1", "worker.1", "release.1"):
            assert any(f" {name} " in line for line in lines), name
        assert sum('"event":"stopping"' in line for line in lines) == 2
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.slow
def test_honcho_ends_with_the_doctor_s_list_if_a_setting_is_wrong(tmp_path: Path) -> None:
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "VAR_DIR": str(tmp_path / "var"),
        "PORT": str(free_port()),
        "DATABASE_URL": "mysql://h/d",
        "TERM": "dumb",
    }
    with honcho(env, tmp_path / "log") as process:
        assert process.wait(90) == 1
    assert "DATABASE_URL: must start with postgresql://" in (tmp_path / "log").read_text()


@pytest.mark.slow
async def test_web_starts_without_its_settings_and_says_what_is_missing(tmp_path: Path) -> None:
    port = free_port()
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": str(port), "DYNO": "web.1"}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    with started("web", env, tmp_path / "log") as dyno:
        async with aiohttp.ClientSession() as session:
            answer = await _answering(session, port)
            async with session.post(f"http://127.0.0.1:{port}{META.path}", data=b"{}") as refused:
                assert refused.status == 503
        assert {"REDIS_URL", "DATABASE_URL", "SECRET_KEY"} <= {check["name"] for check in answer["checks"]}
        dyno.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(dyno.wait, 30) == 0


def test_the_build_hook_compiles_the_catalogs_without_engines(tmp_path: Path) -> None:
    """In a checkout of its own: in ours other tests read."""
    for folder in ("bin", "bot", "flows", "locales"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "DYNO": "run.1"}
    subprocess.run(["bash", "bin/post_compile"], cwd=tmp_path, env=env, check=True, capture_output=True)
    assert (tmp_path / "locales" / "de" / "LC_MESSAGES" / "bot.mo").exists()

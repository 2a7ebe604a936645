"""The embedded engines: durable, shared by processes, and started again after whatever killed them."""

import asyncio
import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from bot.engines import (
    EngineError,
    Engines,
    MissingSecretError,
    NotInstalledError,
    engines,
    engines_sync,
    local_secret,
)
from bot.engines.process import alive
from bot.settings import Settings, load_settings

ROOT = Path(__file__).parent.parent


def put(running: Engines, value: str) -> None:
    """Store `value` in both engines; return when both have it on disk."""

    async def insert() -> None:
        connection = await asyncpg.connect(running.database_url)
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        await connection.execute("INSERT INTO kept VALUES ($1)", value)
        await connection.close()

    with redis.Redis.from_url(running.redis_url) as client:
        client.rpush("kept", value)
        client.waitaof(1, 0, 5000)
    asyncio.run(insert())


def kept(running: Engines) -> tuple[list[str], list[str]]:
    async def select() -> list[str]:
        connection = await asyncpg.connect(running.database_url)
        rows = await connection.fetch("SELECT value FROM kept")
        await connection.close()
        return [row["value"] for row in rows]

    with redis.Redis.from_url(running.redis_url, decode_responses=True) as client:
        listed = client.lrange("kept", 0, -1)
        assert isinstance(listed, list)
        return [str(value) for value in listed], asyncio.run(select())


def pids(running: Engines) -> tuple[int, int]:
    assert running.valkey_pid is not None
    assert running.postgres_pid is not None
    return running.valkey_pid, running.postgres_pid


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def another_process(var_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A second program using the engines of `var_dir`; it has entered when this yields, and leaves at end of input."""
    program = f"""
        import sys
        from bot.engines import engines_sync
        from bot.settings import load_settings
        with engines_sync(load_settings(None, var_dir={str(var_dir)!r})) as running:
            print(running.valkey_pid, running.postgres_pid, flush=True)
            sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def reported_pids(process: subprocess.Popen[str]) -> tuple[int, int]:
    assert process.stdout is not None
    valkey, postgres = process.stdout.readline().split()
    return int(valkey), int(postgres)


class TestLife:
    async def test_both_engines_run_only_while_used(self, settings: Settings) -> None:
        async with engines(settings) as running:
            started = pids(running)
            assert all(alive(pid) for pid in started)
        assert not any(alive(pid) for pid in started)
        assert running.valkey_pid is None
        assert running.postgres_pid is None

    def test_data_stays_between_runs(self, settings: Settings) -> None:
        with engines_sync(settings) as running:
            put(running, "first run")
        with engines_sync(settings) as running:
            assert kept(running) == (["first run"], ["first run"])

    def test_start_on_existing_data_takes_less_than_a_second(self, settings: Settings) -> None:
        with engines_sync(settings):
            pass
        took = []
        for _ in range(3):  # the best of three: another test may be using the machine
            begin = time.monotonic()
            with engines_sync(settings):
                took.append(time.monotonic() - begin)
        assert min(took) < 1

    def test_valkey_is_configured_to_be_durable_and_never_evict(self, own_engines: Engines) -> None:
        with redis.Redis.from_url(own_engines.redis_url, decode_responses=True) as client:
            assert client.config_get("appendonly", "appendfsync", "maxmemory-policy", "port") == {
                "appendonly": "yes",
                "appendfsync": "everysec",
                "maxmemory-policy": "noeviction",
                "port": "0",
            }

    async def test_postgres_is_durable_in_utc_and_writes_no_values_to_its_log(
        self, own_engines: Engines, var_dir: Path
    ) -> None:
        connection = await asyncpg.connect(own_engines.database_url)
        shown = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "listen_addresses", "timezone")}
        await connection.execute("CREATE TABLE person (phone text PRIMARY KEY)")
        await connection.execute("INSERT INTO person VALUES ('+4915112345678')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO person VALUES ('+4915112345678')")
        await connection.close()
        assert shown == {"fsync": "on", "listen_addresses": "", "timezone": "UTC"}
        log = (var_dir / "postgres.log").read_text()
        assert "duplicate key" in log
        assert "4915112345678" not in log

    def test_engine_folders_are_accessible_to_their_owner_only(self, own_engines: Engines, var_dir: Path) -> None:
        for folder in ("run", "postgres", "valkey"):
            assert stat.S_IMODE((var_dir / folder).stat().st_mode) == 0o700

    def test_engines_get_none_of_our_secrets(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        if not Path("/proc/self/environ").exists():
            pytest.skip("needs /proc")
        monkeypatch.setenv("WHATSAPP_TOKEN", "hush")
        with engines_sync(settings) as running:
            for pid in pids(running):
                assert b"hush" not in Path(f"/proc/{pid}/environ").read_bytes()

    def test_a_path_too_long_for_sockets_falls_back_to_a_short_private_one(self, var_dir: Path) -> None:
        deep = var_dir / ("deep" * 30)
        with engines_sync(load_settings(None, var_dir=deep)) as running:
            assert running.valkey is not None
            sockets = running.valkey.sockets
            assert len(str(sockets)) < 60
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
            put(running, "deep")
            assert kept(running) == (["deep"], ["deep"])
        sockets.rmdir()

    def test_a_fallback_folder_that_others_can_enter_is_refused(self, var_dir: Path) -> None:
        deep = load_settings(None, var_dir=var_dir / ("deep" * 30))
        with engines_sync(deep) as running:
            assert running.valkey is not None
            sockets = running.valkey.sockets
        sockets.chmod(0o777)
        try:
            with pytest.raises(EngineError, match="open to others"), engines_sync(deep):
                pass
        finally:
            sockets.rmdir()

    def test_a_path_with_spaces_and_special_characters_works(self, var_dir: Path) -> None:
        with engines_sync(load_settings(None, var_dir=var_dir / "a %20 b?c&d,e")) as running:
            assert running.valkey is not None
            put(running, "odd")
            assert kept(running) == (["odd"], ["odd"])
            sockets = running.valkey.sockets
        sockets.rmdir()

    def test_a_path_with_spaces_needs_no_fallback(self, var_dir: Path) -> None:
        with engines_sync(load_settings(None, var_dir=var_dir / "a %20 b?c&d")) as running:
            assert running.valkey is not None
            assert running.valkey.sockets == var_dir / "a %20 b?c&d" / "run"
            put(running, "odd")
            assert kept(running) == (["odd"], ["odd"])


class TestGivenUrls:
    def test_no_engine_starts_when_both_urls_are_set(self, var_dir: Path) -> None:
        given = load_settings(None, redis_url="redis://r", database_url="postgres://d/b", var_dir=var_dir)
        with engines_sync(given) as running:
            assert (running.redis_url, running.database_url) == ("redis://r", "postgresql://d/b")
            assert (running.valkey_pid, running.postgres_pid) == (None, None)
            running.restart()
        assert list(var_dir.iterdir()) == []

    def test_only_the_engine_without_a_url_starts(self, var_dir: Path) -> None:
        with engines_sync(load_settings(None, redis_url="redis://r", var_dir=var_dir)) as running:
            assert running.redis_url == "redis://r"
            assert running.valkey_pid is None
            assert running.postgres_pid is not None

    def test_passwords_do_not_show(self, var_dir: Path) -> None:
        given = load_settings(None, redis_url="redis://:hush@r", database_url="postgres://u:hush@d/b", var_dir=var_dir)
        with engines_sync(given) as running:
            assert "hush" not in repr(running)


class TestSharing:
    def test_two_processes_use_the_same_engines_and_the_last_one_stops_them(self, settings: Settings) -> None:
        with another_process(settings.var_dir) as other:
            started = reported_pids(other)
            with engines_sync(settings) as running:
                assert pids(running) == started
            assert all(alive(pid) for pid in started), "another process still uses them"
            other.communicate("")
            assert other.returncode == 0
            assert not any(alive(pid) for pid in started)

    def test_the_process_that_started_the_engines_may_exit_first(self, settings: Settings) -> None:
        with another_process(settings.var_dir) as other:
            started = reported_pids(other)
            with engines_sync(settings) as running:
                other.communicate("")
                assert pids(running) == started
                put(running, "still here")
            assert not any(alive(pid) for pid in started)

    def test_two_processes_that_start_at_once_share_the_engines(self, settings: Settings) -> None:
        with another_process(settings.var_dir) as one, another_process(settings.var_dir) as two:
            assert reported_pids(one) == reported_pids(two)
            one.communicate("")
            two.communicate("")

    def test_a_killed_process_no_longer_keeps_the_engines_running(self, settings: Settings) -> None:
        with another_process(settings.var_dir) as other:
            started = reported_pids(other)
            with engines_sync(settings) as running:
                other.kill()
                other.wait()
                assert pids(running) == started
            assert not any(alive(pid) for pid in started), "the last living user left"

    def test_engines_left_behind_by_a_killed_program_are_found_and_used(self, settings: Settings) -> None:
        with another_process(settings.var_dir) as other:
            started = reported_pids(other)
            other.kill()
            other.wait()
        assert all(alive(pid) for pid in started)
        with engines_sync(settings) as running:
            assert pids(running) == started
        assert not any(alive(pid) for pid in started)

    def test_ctrl_c_in_the_terminal_does_not_reach_the_engines(self, own_engines: Engines) -> None:
        for pid in pids(own_engines):
            assert os.getsid(pid) != os.getsid(0)

    async def test_a_cancelled_start_leaves_nothing_running(self, settings: Settings) -> None:
        async def start() -> None:
            async with engines(settings):
                pytest.fail("cancelled before")

        with (settings.var_dir / "engines.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            starting = asyncio.create_task(start())
            while not (settings.var_dir / "engines.users").exists():
                await asyncio.sleep(0.01)
            starting.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert (settings.var_dir / "postgres").exists(), "it had begun"
        assert not list((settings.var_dir / "run").glob(".s.PGSQL*"))
        assert not (settings.var_dir / "postgres" / "postmaster.pid").exists()

    async def test_starting_the_engines_does_not_block_the_event_loop(self, settings: Settings) -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        async with engines(settings):
            assert ticks >= 5
        ticking.cancel()


class TestCrash:
    def test_restart_after_kill_9_keeps_what_was_written(self, own_engines: Engines) -> None:
        put(own_engines, "before")
        killed = pids(own_engines)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not any(alive(pid) for pid in killed))
        assert (own_engines.valkey_pid, own_engines.postgres_pid) == (None, None)
        own_engines.restart()
        assert not set(pids(own_engines)) & set(killed)
        put(own_engines, "after")
        assert kept(own_engines) == (["before", "after"], ["before", "after"])

    def test_restart_leaves_running_engines_alone(self, own_engines: Engines) -> None:
        running = pids(own_engines)
        own_engines.restart()
        assert pids(own_engines) == running

    def test_restart_waits_for_sessions_of_the_killed_server(self, own_engines: Engines) -> None:
        async def busy_while_killed() -> None:
            connection = await asyncpg.connect(own_engines.database_url)
            query = asyncio.create_task(connection.execute("SELECT sum(i) FROM generate_series(1, 1e7) AS i"))
            await asyncio.sleep(0.2)
            os.kill(pids(own_engines)[1], signal.SIGKILL)
            await asyncio.to_thread(own_engines.restart)
            await asyncio.gather(query, return_exceptions=True)
            connection.terminate()

        asyncio.run(busy_while_killed())
        put(own_engines, "recovered")

    def test_the_next_start_brings_back_killed_engines(self, settings: Settings) -> None:
        with engines_sync(settings) as first:
            killed = pids(first)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            assert eventually(lambda: not any(alive(pid) for pid in killed))
            with engines_sync(settings) as second:
                assert pids(first) == pids(second)
                put(first, "again")

    def test_killed_engines_leave_no_zombie_processes(self, settings: Settings) -> None:
        with engines_sync(settings) as running:
            killed = pids(running)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            assert eventually(lambda: all(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE for pid in killed))
        assert not any(psutil.pid_exists(pid) for pid in killed)

    def test_a_stale_pid_file_of_an_unrelated_process_does_not_stop_a_start(self, settings: Settings) -> None:
        """After a container restart process numbers begin anew: PostgreSQL alone would refuse to start."""
        with engines_sync(settings):
            contents = (settings.var_dir / "postgres" / "postmaster.pid").read_text()
        stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        lines = contents.splitlines()
        pid_file = settings.var_dir / "postgres" / "postmaster.pid"
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with engines_sync(settings) as running:
            assert running.postgres_pid not in (None, stranger.pid)
        assert stranger.poll() is None
        stranger.communicate(b"\n")

    def test_an_interrupted_first_start_is_repeated(self, settings: Settings) -> None:
        half = settings.var_dir / "postgres.new"
        half.mkdir()
        (half / "PG_VERSION").write_text("18")
        with engines_sync(settings) as running:
            put(running, "whole")
        assert not half.exists()

    def test_a_stale_socket_file_does_not_stop_a_start(self, settings: Settings) -> None:
        (settings.var_dir / "run").mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(str(settings.var_dir / "run" / "valkey.sock"))
        with engines_sync(settings) as running:
            put(running, "fresh")


class TestErrors:
    def test_without_the_embedded_extra_the_error_names_both_cures(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
        with pytest.raises(NotInstalledError) as caught, engines_sync(settings):
            pass
        assert "set REDIS_URL" in str(caught.value)
        assert "consentbot[embedded]" in str(caught.value)

    def test_broken_data_is_reported_with_the_engine_s_own_words(self, settings: Settings) -> None:
        with engines_sync(settings):
            pass
        (settings.var_dir / "postgres" / "PG_VERSION").write_text("9.6\n")
        with (
            pytest.raises(
                EngineError, match=r"(?s)PostgreSQL ended while starting:.*incompatible with server.*postgres\.log"
            ),
            engines_sync(settings) as running,
        ):
            pytest.fail(f"started {running}")

    def test_a_failed_start_leaves_nothing_running(self, settings: Settings) -> None:
        with engines_sync(settings) as running:
            pass
        (settings.var_dir / "postgres" / "PG_VERSION").write_text("9.6\n")
        with pytest.raises(EngineError), engines_sync(settings):
            pass
        assert running.valkey_pid is None


class TestLocalSecret:
    def test_the_key_is_made_once_and_readable_by_its_owner_only(self, settings: Settings) -> None:
        secret = local_secret(settings)
        assert len(secret.get_secret_value()) == 64
        assert local_secret(settings) == secret
        assert stat.S_IMODE((settings.var_dir / "secret_key").stat().st_mode) == 0o600
        assert [path.name for path in settings.var_dir.iterdir()] == ["secret_key"]

    def test_a_key_created_first_by_another_process_is_used(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = local_secret(settings)
        monkeypatch.setattr(Path, "exists", lambda _path: False)
        assert local_secret(settings) == first

    @pytest.mark.parametrize("production", [{"database_url": "postgres://h/d"}, {"dyno": "web.1"}])
    def test_no_key_is_generated_in_production(self, var_dir: Path, production: dict[str, str]) -> None:
        with pytest.raises(MissingSecretError, match="SECRET_KEY is not set"):
            local_secret(load_settings(None, var_dir=var_dir, **production))
        assert list(var_dir.iterdir()) == []

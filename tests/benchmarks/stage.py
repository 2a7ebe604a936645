"""Where a run takes place: engines of its own, the sink, a folder, and the programs that are put on it."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec

from bot.engines import Engines, engines_sync
from bot.engines.postgres import DATABASE
from bot.settings import Settings, load_settings
from bot.stores.postgres import migrate
from tests.benchmarks import sink
from tests.benchmarks.company import Sending
from tests.benchmarks.load import Order, Outcome
from tests.benchmarks.programs import ROOT, Program, cpu_seconds, running

SECRET = "benchmark-app-secret"

_NEWCOMERS = 20_000_000
"""Numbers of persons from here on are not in a crowd."""

_SETTINGS = {
    "WHATSAPP_TOKEN": sink.TOKEN,
    "WHATSAPP_APP_SECRET": SECRET,
    "WHATSAPP_VERIFY_TOKEN": "benchmark",
    "WHATSAPP_PHONE_NUMBER_ID": sink.NUMBER,
    "SECRET_KEY": "0123456789abcdef" * 4,
    "MESSAGES_PER_SECOND": "100000",
    "API_PER_MINUTE": "1000000",
}


class Unreliable(Exception):
    """A message was lost, unanswered, refused or out of order, or too few were sent: there are no figures."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one program."""

    outcome: Outcome
    cpu: float
    """Microseconds of our processes for each message."""
    engines: float
    """Microseconds of Valkey and PostgreSQL for each message."""
    cores: float
    """How much of a core our processes used."""

    @property
    def per_second(self) -> float:
        """Messages finished each second."""
        return self.outcome.messages / self.outcome.seconds


@dataclass(frozen=True, slots=True)
class Stores:
    """A database of Valkey's and one of PostgreSQL's, both empty and ready."""

    redis_url: str
    database_url: str


class Stage:
    """Engines, sink and folder of a run."""

    def __init__(self, engines: Engines, folder: Path, graph_port: int, watch: Path) -> None:
        self._engines = engines
        self.folder = folder
        self.graph = f"http://127.0.0.1:{graph_port}"
        self.watch = watch
        self._made = 0
        self._newcomers = _NEWCOMERS

    def stores(self) -> Stores:
        """Make a pair of empty stores."""
        self._made += 1
        name = f"benchmark_{self._made}"
        database_url = self._engines.database_url.replace(f"/{DATABASE}?", f"/{name}?")
        asyncio.run(_execute(self._engines.database_url, f"CREATE DATABASE {name}"))
        asyncio.run(migrate(database_url))
        return Stores(self.redis_url(self._made), database_url)

    def redis_url(self, number: int) -> str:
        """Return the URL of one of Valkey's 16 databases."""
        return self._engines.redis_url.replace("db=0", f"db={number}")

    @contextmanager
    def product(self, stores: Stores, command: str = "all") -> Iterator[Program]:
        """Run a process of ours."""
        with running([sys.executable, "-m", "bot", command], self._environment(stores), self.folder) as program:
            program.wait(lambda: program.has_said('"event":"started"'))
            yield program

    @contextmanager
    def host(self, stores: Stores, watch: Path) -> Iterator[Program]:
        """Run a program with a bot of its own and ours in front of it; at `watch` it tells what it is asked."""
        command = [sys.executable, "-m", "tests.benchmarks.host", str(watch)]
        with running(command, self._environment(stores), self.folder) as program:
            program.wait(program.listens)
            yield program

    def settings(self, stores: Stores) -> Settings:
        """Return the settings of such a process."""
        values = self._environment(stores)
        return load_settings(None, **{name.lower(): value for name, value in values.items()})

    def _environment(self, stores: Stores) -> dict[str, str]:
        urls = {"REDIS_URL": stores.redis_url, "DATABASE_URL": stores.database_url}
        return _SETTINGS | urls | {"GRAPH_URL": f"{self.graph}/v26.0"}

    @contextmanager
    def limit(self, name: str) -> Iterator[Program]:
        """Run one of the bare limits."""
        environment = {
            "LIMIT_SECRET": SECRET,
            "LIMIT_TOKEN": sink.TOKEN,
            "LIMIT_REDIS_URL": self.redis_url(0),
            "LIMIT_GRAPH_URL": f"{self.graph}/v26.0/{sink.NUMBER}/messages",
        }
        with running([sys.executable, "-m", "tests.benchmarks.limits", name], environment, self.folder) as program:
            program.wait(program.listens)
            yield program

    @contextmanager
    def peer(self, python: Path) -> Iterator[Program]:
        """Run the bot of aiogram."""
        environment = {
            "TELEGRAM_URL": self.graph,
            "TELEGRAM_TOKEN": sink.TELEGRAM_TOKEN,
            "TELEGRAM_SECRET": SECRET,
            "REDIS_URL": self.redis_url(0),
        }
        script = ROOT / "tests" / "benchmarks" / "aiogram_bot.py"
        with running([python, script], environment, self.folder) as program:
            program.wait(program.listens)
            yield program

    def newcomers(self, number: int) -> int:
        """Set the numbers of so many persons aside whom nobody knows; return the first."""
        first, self._newcomers = self._newcomers, self._newcomers + number
        return first

    def order(self, program: Program, script: str, **more: object) -> Order:
        """Say what persons are to do: newcomers, unless told otherwise."""
        given = {"port": program.port, "sink": str(self.watch), "secret": SECRET, "number": sink.NUMBER}
        order = msgspec.convert({**given, "script": script, **more}, Order)
        if "first" in more:
            return order
        return msgspec.structs.replace(order, first=self.newcomers(order.persons))

    def play(self, order: Order | Sending, at_mark: Callable[[], None] = lambda: None) -> Outcome:
        """Let persons write, or the company; tell when it begins to count, and when it ends. Raises `Unreliable`."""
        who, what = ("load", order.script) if isinstance(order, Order) else ("company", "the company")
        command = [sys.executable, "-m", f"tests.benchmarks.{who}", msgspec.json.encode(order).decode()]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for mark in (b"warm\n", b"over\n"):
                if process.stdout.readline() != mark:
                    raise Unreliable("the load ended before its time")
                at_mark()
            outcome = msgspec.json.decode(process.stdout.read(), type=Outcome)
        if not outcome.whole:
            raise Unreliable(
                f"{what}: {outcome.all_messages} messages were answered and {outcome.unanswered} were not, "
                f"{outcome.refused} were refused, {outcome.disordered} answers came twice, out of order or to nothing"
            )
        return outcome

    def measured(self, programs: Sequence[Program], order: Order | Sending) -> Sample:
        """Let persons write, or the company, and return what that costs these programs and the engines."""
        ours = [program.pid for program in programs]
        theirs = [pid for pid in (self._engines.valkey_pid, self._engines.postgres_pid) if pid is not None]
        readings: list[_Reading] = []

        def read() -> None:
            readings.append(_Reading(cpu_seconds(ours), cpu_seconds(theirs)))

        outcome = self.play(order, read)
        before, after = readings
        if outcome.messages <= 0:
            raise Unreliable("no message was finished while it counted; let it run for longer")
        each = 1e6 / outcome.messages
        cpu, engines = after.ours - before.ours, after.engines - before.engines
        return Sample(outcome, cpu * each, engines * each, cpu / outcome.seconds)


@dataclass(frozen=True, slots=True)
class _Reading:
    """CPU seconds at a moment."""

    ours: float
    engines: float


@contextmanager
def stage() -> Iterator[Stage]:
    """Start durable engines of their own, and the sink."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cb-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)  # PostgreSQL may run as an account of its own
        engines = stack.enter_context(engines_sync(load_settings(None, var_dir=folder / "var")))
        watch = folder / "sink"
        sinking = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.sink", watch], cwd=ROOT, stdout=subprocess.PIPE
        )
        stack.callback(sinking.wait)
        stack.callback(sinking.terminate)
        assert sinking.stdout is not None
        stack.enter_context(sinking.stdout)
        yield Stage(engines, folder, int(sinking.stdout.readline()), watch)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

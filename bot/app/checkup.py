"""The whole list of `doctor`: what cannot be asked yet is listed too, with what must be put right first."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence, Set
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime

from ..conversation.templates import TemplateBook
from ..environment import ENV_FILE, SettingsError, Wrong
from ..errors import FileError, OperatorError, curable, problem_and_cure, with_cure
from ..keys import Keyring
from ..service.ports import Check
from ..settings import Settings
from ..stores.postgres.connect import connect as connect_postgres
from ..stores.redis.connect import connect as connect_redis
from . import channels, doctor
from .functions import functions_of
from .load import load_world
from .operators import Operators, open_operators
from .runtime import has_stores

_REDIS = frozenset({"REDIS_URL", "REDIS_CA", "REDIS_TLS_VERIFY"})
_DATABASE = frozenset({"DATABASE_URL", "DATABASE_CA", "DATABASE_TLS"})
_COMPANY = frozenset({"BUSINESS_FILE", "APP_DIR", "APP_FUNCTIONS"})
_PROCESS = _REDIS | _DATABASE | _COMPANY | {"SECRET_KEY", "VAR_DIR", "SHARDS", ""}
"""Variables without which no process is opened: if one of them is wrong, an engine of our own would be started."""

_FILES = ("texts", "company", "business texts", "templates", "retention")
"""Checks of the files that the program reads, `business.toml` among them."""


async def checkup(settings: Settings, wrong: Sequence[Wrong], *, release: bool) -> AsyncIterator[Check]:
    """Yield every check; `wrong` is what the settings leave out. `release`: without the channels' providers."""
    named = {one.name for one in wrong}
    for one in wrong:
        yield Check(one.name or str(ENV_FILE), ok=False, detail=one.problem, cure=one.cure)
    for check in doctor.settings_checks(settings):
        if check.name not in named and not (check.ok and wrong):
            yield check
    if "BASE_URL" not in named:
        yield doctor.link_check(settings)
    if named.isdisjoint({"METRICS_PORT", "METRICS_TOKEN"}):
        yield doctor.metrics_check(settings)
    if named.isdisjoint({"REDIS_URL", "DATABASE_URL", "VAR_DIR"}):
        for check in doctor.engines_checks(settings):
            yield check
    try:
        functions_of(settings)
    except SettingsError as error:  # told once, not by each check that needs them
        named.add("APP_FUNCTIONS")
        for check in _told("APP_FUNCTIONS", [error]):
            yield check
    async for check in _faults_told("flows", _each(lambda: _flows(settings, named))):
        yield check
    async for check in _files_and_stores(settings, named, release=release):
        yield check
    if not release:
        async for check in channels.checks(settings, named):
            yield check


def _flows(settings: Settings, named: Set[str]) -> Iterable[Check]:
    if named.isdisjoint({"APP_DIR", "APP_FUNCTIONS"}):
        return doctor.flows_checks(settings)
    return [doctor.not_asked("flows")]


async def _files_and_stores(settings: Settings, named: Collection[str], *, release: bool) -> AsyncIterator[Check]:
    today = datetime.now(UTC).date()
    async with AsyncExitStack() as stack:
        operators: Operators | None = None
        if has_stores(settings) and _PROCESS.isdisjoint(named):
            try:
                operators = await stack.enter_async_context(open_operators(settings))
            except FileError:
                pass  # told below, by whoever reads the file again
            except OperatorError as error:
                for check in _told("stores", [error]):
                    yield check
        whole = (
            operators.checks.all(today, release=release)
            if operators
            else _apart(settings, named, today, release=release)
        )
        async for check in _faults_told("stores", whole):
            yield check


async def _apart(settings: Settings, named: Collection[str], today: date, *, release: bool) -> AsyncIterator[Check]:
    """Check files and stores one by one, as far as the settings of each can be used."""
    files = _each(lambda: _files(settings, named, today, release=release))
    async for check in _faults_told("business.toml", files):
        yield check
    async for check in _faults_told("redis", _redis(settings, named)):
        yield check
    async for check in _faults_told("database", _database(settings, named)):
        yield check
    for name in doctor.OF_WHAT_IS_STORED:
        yield doctor.not_asked(name)


def _files(settings: Settings, named: Collection[str], today: date, *, release: bool) -> Iterable[Check]:
    if not _COMPANY.isdisjoint(named):
        return [doctor.not_asked(name) for name in _FILES]
    functions = functions_of(settings)
    world, flows = load_world(business=settings.business_file, own=settings.app_dir, functions=functions)
    return doctor.file_checks(world, TemplateBook(world, flows, world.known), settings, today, release=release)


async def _redis(settings: Settings, named: Collection[str]) -> AsyncIterator[Check]:
    if settings.redis_url is None or not _REDIS.isdisjoint(named):
        yield doctor.not_asked("redis")
        return
    url = settings.redis_url.get_secret_value()
    client = connect_redis(url, connections=1, verify=settings.verify_redis_tls, ca=settings.redis_ca)
    try:
        yield await doctor.redis_check(client)
        async for check in doctor.redis_checks(client):
            yield check
    finally:
        await client.close()


async def _database(settings: Settings, named: Collection[str]) -> AsyncIterator[Check]:
    if settings.database_url is None or not _DATABASE.isdisjoint(named):
        yield doctor.not_asked("database")
        return
    url, tls = settings.database_url.get_secret_value(), settings.database_tls_mode
    database = await connect_postgres(url, connections=1, tls=tls, ca=settings.database_ca)
    try:
        found = await doctor.database_check(database)
        yield found
        if found.ok and settings.secret_key and "SECRET_KEY" not in named:
            keys = Keyring([secret.get_secret_value() for secret in settings.secret_key])
            async for check in doctor.database_checks(database, keys):
                yield check
    finally:
        await database.close()


async def _each(checks: Callable[[], Iterable[Check]]) -> AsyncIterator[Check]:
    for check in checks():
        yield check


async def _faults_told(name: str, checks: AsyncIterator[Check]) -> AsyncIterator[Check]:
    """Yield the checks; what an operator can cure ends them as another failed check, not the list."""
    try:
        async for check in checks:
            yield check
    except Exception as error:
        if not (found := curable(error)):
            raise
        for check in _told(name, found):
            yield check


def _told(name: str, errors: Iterable[OperatorError]) -> Iterable[Check]:
    for line in (line for error in errors for line in str(error).splitlines()):
        problem, cure = problem_and_cure(with_cure(line.removeprefix(f"{name}: ")))
        yield Check(name, ok=False, detail=problem, cure=cure)

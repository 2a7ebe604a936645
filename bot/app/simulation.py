"""The whole program against a simulated WhatsApp, for `chat`, `demo`, tests and benchmarks; everything else is real."""

import asyncio
import fcntl
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import aiohttp
import phonenumbers
from aiohttp import web
from babel.core import get_global

from ..business import Business
from ..channels.meta.provider import META
from ..channels.simulator.graph import GraphSimulator
from ..channels.simulator.hook import Hook
from ..channels.simulator.person import SimulatedPerson
from ..channels.simulator.webhooks import ACCOUNT_ID, Identity
from ..channels.whatsapp.templates import creation
from ..consent.lifecycle import fold
from ..engines import EngineError, writing
from ..i18n.catalogs import LanguageEntry
from ..messages.inbound import Sender
from ..service import worker
from ..service.ports import PersonId, StoryEntry
from ..service.shards import token_of
from ..settings import Settings
from ..stores.redis.keys import ShardKeys
from .operators import Operators, operators
from .processes import answering, bound, working
from .routes import own_routes
from .runtime import Runtime, open_runtime
from .use_cases import HostedBot

_numbers = count(secrets.randbelow(10_000))


class TravelClock:
    """A clock that can be set ahead. It stays ahead: nothing that is stored beside it may lie in the future."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where the simulation keeps its data. Raises `EngineError` if the file there is broken."""
        self._file = folder / "seconds_ahead"
        kept = self._file.read_text("ascii", errors="replace") if self._file.exists() else "0"
        if not kept.isdecimal():
            raise EngineError(f"{self._file}: is no number of seconds; delete the folder {folder} to begin anew")
        self._ahead = int(kept)

    def __call__(self) -> float:
        """Return the time in unix seconds."""
        return time.time() + self._ahead

    def advance(self, seconds: int) -> None:
        """Set the clock ahead."""
        self._ahead += seconds
        self._file.write_text(str(self._ahead), "ascii")


@dataclass(frozen=True, slots=True)
class Simulation:
    """The running program, its Graph API, and the way to post webhooks to it."""

    runtime: Runtime
    graph: GraphSimulator
    hook: Hook
    url: str
    """Where the program serves."""

    @property
    def operators(self) -> Operators:
        """What the company's own people can do."""
        return operators(self.runtime)

    def person(self, who: Identity) -> SimulatedPerson:
        """Return somebody who chats with the bot."""
        return SimulatedPerson(self.graph, self.hook, who, settled=self.settled)

    @property
    def business(self) -> Business:
        """Whose bot it is."""
        return self.runtime.dialogue.world.business

    @property
    def folder(self) -> Path:
        """The folder with its data."""
        return self.runtime.settings.var_dir

    @property
    def received(self) -> Path:
        """The folder for saving what a person gets."""
        return self.folder / "received"

    @property
    def languages(self) -> Mapping[str, LanguageEntry]:
        """All languages, also drafts."""
        return self.runtime.dialogue.world.known

    def translated(self, locale: str) -> tuple[int, int]:
        """Return how many texts a language has, and how many there are."""
        texts = self.runtime.dialogue.world.texts
        return len(texts.slots) - len(texts.missing(locale)), len(texts.slots)

    async def introduce(self, who: Identity, locale: str) -> None:
        """Make a person known to the program, with a language chosen before."""
        runtime, sender = self.runtime, Sender(who.phone, who.bsuid)
        (person,) = await self._persons(who) or await runtime.stores.persons.create([sender])
        await runtime.stores.persons.set_locales({person: locale})
        for shard in runtime.stores.shards:  # the session is rebuilt in that language
            await runtime.stores.client.run(
                "DEL", ShardKeys(shard.number).session(token_of(sender, runtime.stores.keys))
            )

    async def stopped_at(self, who: Identity) -> int:
        """Return when a person last withdrew something, unix seconds; 0 when they never did."""
        facts = await self.runtime.stores.ledger.facts(await self._persons(who))
        records = [fold(entry.fact for entry in past) for past in facts.values()]
        return max((consent.stopped_at for record in records for consent in record.consents.values()), default=0)

    async def story(self, who: Identity) -> Sequence[StoryEntry]:
        """Return a person's ledger entries; as the person is made up, no look is recorded."""
        (person,) = await self._persons(who)
        return await self.runtime.stores.ledger.story(person)

    async def _persons(self, who: Identity) -> set[PersonId]:
        known = await self.runtime.stores.persons.find(address for address in (who.phone, who.bsuid) if address)
        return set(known.values())

    async def keep_dates(self) -> None:
        """Do at once what is done daily: end consents whose time is over, delete what was kept long enough."""
        await self.settled()
        await self.runtime.use_cases.retention().keep()
        await self.runtime.use_cases.tell_due().tell()
        await self.settled()

    async def buried(self) -> int:
        """Return how many messages could not be processed."""
        return (await self.runtime.queued())["dead"]

    async def settled(self, seconds: float = 30.0) -> None:
        """Wait until everything that came in is answered and everything queued is sent. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while await self._unfinished():
                await asyncio.sleep(0.005)

    async def _unfinished(self) -> int:
        queued = sum(count for name, count in (await self.runtime.queued()).items() if name != "dead")
        now = self.graph.clock()  # ahead of the processes' own, where time was let pass
        return queued + sum([await shard.outbox.upcoming(now) for shard in self.runtime.stores.shards])


@contextmanager
def reserved(settings: Settings) -> Iterator[Settings]:
    """Yield settings with engines and data of their own in VAR_DIR/simulation: never those of production.

    Raises `EngineError` when they are in use: two programs would answer each other's messages.
    """
    home = settings.var_dir / "simulation"
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "in_use.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(f"another chat or demo runs in {home}; leave it first, or set another VAR_DIR") from None
        yield settings.changed(redis_url=None, database_url=None, secret_key=(), base_url=None, var_dir=home)


def _simulated(settings: Settings, graph: GraphSimulator, url: str, app_secret: str) -> Settings:
    return settings.changed(
        whatsapp_token=graph.token,
        whatsapp_app_secret=app_secret,
        whatsapp_verify_token=secrets.token_hex(16),
        whatsapp_phone_number_id=graph.phone_number_id,
        whatsapp_business_account_id=ACCOUNT_ID,
        graph_url=graph.url,
        base_url=settings.base_url or url,
        webhooks_private=True,
        dyno=None,
    )


@asynccontextmanager
async def simulate(
    settings: Settings,
    hosted: HostedBot | None = None,
    *,
    port: int = 0,
    graph: GraphSimulator | None = None,
    draft: str = "",
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Simulation]:
    """Run the whole program against a simulated WhatsApp until the end of the block; port 0 means any free port.

    `clock` is the program's clock. Its links lead to itself, unless the settings name another `base_url`.
    """
    async with AsyncExitStack() as stack:
        graph = await stack.enter_async_context(graph or GraphSimulator())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        waiting = stack.enter_context(bound("127.0.0.1", port))
        url = f"http://127.0.0.1:{waiting.getsockname()[1]}"
        secret = secrets.token_hex(16)
        inner = _simulated(settings, graph, url, secret)
        runtime = await stack.enter_async_context(open_runtime(inner, hosted, draft=draft, clock=clock))
        await approve_templates(runtime, graph)
        app = web.Application()
        app.add_routes(own_routes(inner, lambda: runtime))
        await stack.enter_async_context(working(runtime, asyncio.Event()))
        if isinstance(clock, TravelClock):
            await stack.enter_async_context(_brought_back(runtime, clock))
        await stack.enter_async_context(answering(app, waiting))
        hook = Hook(f"{url}{META.path}", secret, session)
        yield Simulation(runtime, graph, hook, url)


@asynccontextmanager
async def _brought_back(runtime: Runtime, clock: TravelClock) -> AsyncIterator[None]:
    """Bring back what is due by a clock that is ahead, while the program looks at the real time."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for shard in runtime.stores.shards:
            group.create_task(worker.bring_back(shard.outbox, stopping, clock))
        try:
            yield
        finally:
            stopping.set()


async def approve_templates(runtime: Runtime, graph: GraphSimulator) -> None:
    """Let Meta approve everything that the business may say first."""
    known = {(template.body["name"], template.body["language"]) for template in graph.templates}
    for template in runtime.use_cases.template_book:
        if (template.name, template.language) not in known:
            graph.templates.add(creation(template))
    await operators(runtime).templates.pull()


def somebody(locale: str = "en") -> Identity:
    """Make up a person from the country with most speakers of a language, with a number that belongs to nobody.

    Within a process, a number repeats only after 10,000 others.
    """
    country = _country(locale)
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    phone = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164) if example else "+12015550123"
    return Identity(f"{phone[:-4]}{next(_numbers) % 10_000:04d}", f"{country}.{secrets.randbelow(10**17):017d}")


def _country(locale: str) -> str:
    code = locale.replace("-", "_").partition("@")[0]
    parts = str(get_global("likely_subtags").get(code, code)).split("_")
    territory = next((part for part in parts[1:] if len(part) == 2 and part.isupper()), "US")
    return "GB" if code == "en" else territory

"""Builds what operators can do: commands, a console and an API use this instead of the stores.

Whatever shows or changes something about a person goes through `Find`, which records the look.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial

from uuid_utils.compat import uuid7

from ..business import StaffChat
from ..consent.deadlines import Calendar
from ..consent.retention import RuleName, policy
from ..engines import engines
from ..messages.inbound import Sender
from ..numbers import typed, visible
from ..service.incoming.receive import Receipt, Receive
from ..service.operators.audience import Audience
from ..service.operators.changes import Changes
from ..service.operators.claims import Claims
from ..service.operators.conversations import ReadConversations
from ..service.operators.dead_letters import ReplayLetters
from ..service.operators.endpoints import ManageEndpoints
from ..service.operators.erasures import ReplayErasures
from ..service.operators.events import ReadEvents
from ..service.operators.evidence import Evidence
from ..service.operators.export import ExportConsents
from ..service.operators.figures import Count
from ..service.operators.find import Find
from ..service.operators.imports import Imports
from ..service.operators.person import AboutPerson
from ..service.operators.reach import ReachPersons
from ..service.operators.recording import Recording
from ..service.operators.requests import AnswerRequests
from ..service.operators.rotation import RotateKeys
from ..service.operators.sales import RecordSale
from ..service.operators.suppress import Suppress
from ..service.operators.templates import ManageTemplates
from ..service.operators.tokens import Admission, Tokens
from ..service.ports import Check
from ..service.retention import Retention
from ..settings import Settings
from ..stores import erasure_list
from ..stores.postgres.connect import tls_options
from ..stores.postgres.migrate import migrate
from ..stores.postgres.rotation import count, rotate
from ..stores.postgres.tree_verification import verify_tree
from . import channels, doctor
from .runtime import Runtime, open_runtime, require

WAYS = f"a phone number such as +4915112345678, {channels.ways()}, or a person's id"
"""How an operator may name a person."""


class StoreChecks:
    """The checks that `doctor` runs in a process with stores: of its files, and of its stores."""

    def __init__(self, runtime: Runtime, requests: AnswerRequests) -> None:
        self._runtime = runtime
        self._requests = requests

    async def all(self, today: date, *, release: bool = False) -> AsyncIterator[Check]:
        """Yield the results; what needs a store that does not answer is not asked.

        What is left of the sample may stay for a first `release`.
        """
        runtime = self._runtime
        world, book = runtime.dialogue.world, runtime.use_cases.template_book
        for check in doctor.file_checks(world, book, runtime.settings, today, release=release):
            yield check
        yield await doctor.redis_check(runtime.stores.client)
        async for check in doctor.redis_checks(runtime.stores.client):
            yield check
        database = await doctor.database_check(runtime.stores.database)
        yield database
        if database.ok:
            async for check in doctor.database_checks(runtime.stores.database, runtime.stores.keys):
                yield check
            waiting = await self._requests.waiting()
            yield doctor.requests_check(waiting.requests, waiting.today)
            yield doctor.events_check(await runtime.stores.endpoints.backlog())
            yield doctor.approval_check(runtime.use_cases.template_book, await runtime.stores.templates.all())
        else:
            for name in doctor.OF_WHAT_IS_STORED:
                yield doctor.not_asked(name)


@dataclass(frozen=True, slots=True)
class Operators:
    """The use cases of the company's own people."""

    find: Find
    person: AboutPerson
    changes: Changes
    count: Count
    requests: AnswerRequests
    conversations: ReadConversations
    evidence: Evidence
    export: ExportConsents
    sales: RecordSale
    dead_letters: ReplayLetters
    erasures: ReplayErasures
    events: ReadEvents
    endpoints: ManageEndpoints
    rotation: RotateKeys
    imports: Imports
    suppress: Suppress
    audience: Audience
    retention: Retention
    tokens: Tokens
    admission: Admission
    templates: ManageTemplates
    checks: StoreChecks


@asynccontextmanager
async def open_operators(settings: Settings) -> AsyncIterator[Operators]:
    """Open everything that the settings name, and close it at the end. Raises what `open_runtime` does."""
    async with open_runtime(settings) as runtime:
        yield operators(runtime)


def operators(runtime: Runtime) -> Operators:
    """Return the use cases over the stores of a process."""
    business = runtime.dialogue.world.business
    find = Find(
        persons=runtime.stores.persons,
        ledger=runtime.stores.ledger,
        erasures=runtime.stores.erasures,
        requests=runtime.stores.requests,
        reads=runtime.stores.reads,
        addresses=partial(read_address, country=business.controller.country),
        ways=WAYS,
        clock=runtime.use_cases.clock,
    )
    requests = AnswerRequests(
        find=find,
        requests=runtime.stores.requests,
        erasures=runtime.stores.erasures,
        reach=_reach(runtime),
        calendar=Calendar.of(business.controller),
        clock=runtime.use_cases.clock,
    )
    suppress = _suppress(runtime, find)
    return Operators(
        find=find,
        person=_about_person(runtime),
        changes=_changes(runtime),
        count=Count(
            entries=runtime.stores.counted,
            requests=runtime.stores.requests,
            purposes=[purpose.id for purpose in business.purposes],
            calendar=Calendar.of(business.controller),
            clock=runtime.use_cases.clock,
        ),
        requests=requests,
        conversations=ReadConversations(
            find=find,
            conversations=runtime.stores.conversations,
            recording=_recording(runtime),
            keep=(business.human.chat or StaffChat()).keep,
            clock=runtime.use_cases.clock,
        ),
        evidence=_evidence(runtime),
        export=ExportConsents(
            find=find, persons=runtime.stores.persons, ledger=runtime.stores.ledger, world=runtime.dialogue.world
        ),
        sales=RecordSale(
            persons=runtime.stores.persons,
            ledger=runtime.stores.ledger,
            recording=_recording(runtime),
            business=business,
            clock=runtime.use_cases.clock,
        ),
        dead_letters=ReplayLetters(
            shards=[shard.dead for shard in runtime.stores.shards],
            receive=partial(_received, runtime.receive) if runtime.receive else None,
        ),
        erasures=_replay_erasures(runtime),
        events=ReadEvents(runtime.stores.events),
        endpoints=ManageEndpoints(runtime.stores.endpoints, runtime.use_cases.post, runtime.use_cases.clock),
        rotation=RotateKeys(
            count=partial(count, runtime.stores.database),
            rotate=partial(rotate, runtime.stores.database, runtime.stores.keys),
            erasures=runtime.stores.erasures,
            letters=[shard.dead for shard in runtime.stores.shards],
        ),
        imports=_imports(runtime, find, suppress),
        suppress=suppress,
        audience=_audience(runtime, find),
        retention=runtime.use_cases.retention(),
        tokens=Tokens(kept=runtime.stores.tokens, new_id=lambda: str(uuid7()), clock=runtime.use_cases.clock),
        admission=Admission(
            kept=runtime.stores.tokens,
            windows=runtime.stores.windows,
            per_minute=runtime.settings.api_per_minute,
            clock=runtime.use_cases.clock,
        ),
        templates=ManageTemplates(
            book=runtime.use_cases.template_book,
            api=partial(channels.templates, runtime.settings),
            states=runtime.stores.templates,
            clock=runtime.use_cases.clock,
        ),
        checks=StoreChecks(runtime, requests),
    )


def _reach(runtime: Runtime) -> ReachPersons:
    stores, use_cases = runtime.stores, runtime.use_cases
    return ReachPersons(
        contacts=use_cases.contacts,
        ledger=stores.ledger,
        sendings=stores.sendings,
        messages=stores.company_messages,
        events=stores.events,
        sends=[use_cases.send(shard) for shard in stores.shards],
        world=runtime.dialogue.world,
        keys=stores.keys,
        clock=use_cases.clock,
    )


def _recording(runtime: Runtime) -> Recording:
    stores = runtime.stores
    sessions = [shard.sessions for shard in stores.shards]
    return Recording(persons=stores.persons, ledger=stores.ledger, sessions=sessions, keys=stores.keys)


def _suppress(runtime: Runtime, find: Find) -> Suppress:
    business = runtime.dialogue.world.business
    return Suppress(
        find=find,
        persons=runtime.stores.persons,
        ledger=runtime.stores.ledger,
        suppressions=runtime.stores.erasures,
        recording=_recording(runtime),
        addresses=partial(read_address, country=business.controller.country),
        business=business,
        clock=runtime.use_cases.clock,
    )


def _imports(runtime: Runtime, find: Find, suppress: Suppress) -> Imports:
    world, stores, clock = runtime.dialogue.world, runtime.stores, runtime.use_cases.clock
    claims = Claims(
        find=find,
        persons=stores.persons,
        ledger=stores.ledger,
        suppressions=stores.erasures,
        recording=_recording(runtime),
        business=world.business,
        locales=world.texts.offered,
        keys=stores.keys,
        clock=clock,
    )
    return Imports(
        claims=claims,
        suppress=suppress,
        runs=stores.imports,
        addresses=partial(read_address, country=world.business.controller.country),
        business=world.business,
        clock=clock,
    )


def _audience(runtime: Runtime, find: Find) -> Audience:
    return Audience(
        find=find,
        persons=runtime.stores.persons,
        ledger=runtime.stores.ledger,
        suppressions=runtime.stores.erasures,
        business=runtime.dialogue.world.business,
        clock=runtime.use_cases.clock,
    )


def _about_person(runtime: Runtime) -> AboutPerson:
    return AboutPerson(
        persons=runtime.stores.persons,
        ledger=runtime.stores.ledger,
        requests=runtime.stores.requests,
        erasures=runtime.stores.erasures,
        reads=runtime.stores.reads,
        erase=runtime.use_cases.erase,
        business=runtime.dialogue.world.business,
        clock=runtime.use_cases.clock,
    )


def _changes(runtime: Runtime) -> Changes:
    stores, world = runtime.stores, runtime.dialogue.world
    return Changes(
        persons=stores.persons,
        ledger=stores.ledger,
        recording=_recording(runtime),
        requests=stores.requests,
        keys=stores.keys,
        purposes=[purpose.id for purpose in world.business.purposes],
        languages=world.texts.offered,
        calendar=Calendar.of(world.business.controller),
        clock=runtime.use_cases.clock,
    )


def _evidence(runtime: Runtime) -> Evidence:
    keys = runtime.stores.keys
    return Evidence(
        ledger=runtime.stores.ledger,
        tree=runtime.stores.checkpoints,
        proof_of=runtime.stores.proofs.evidence,
        verify_tree=partial(verify_tree, runtime.stores.database, [signer.public_key for signer in keys.signers]),
        public_key=keys.signers[0].public_key,
        controller=runtime.dialogue.world.business.controller.name,
    )


def _replay_erasures(runtime: Runtime) -> ReplayErasures:
    return ReplayErasures(
        lists=erasure_list,
        own_list=runtime.settings.var_dir / erasure_list.NAME,
        erasures=runtime.stores.erasures,
        persons=runtime.stores.persons,
        erase=runtime.use_cases.erase,
        suppression_seconds=policy(runtime.dialogue.world.business)[RuleName.SUPPRESSION].seconds,
    )


async def _received(receive: Receive, channel: str, webhook: bytes, arrival: float) -> bool:
    return await receive.again(channel, webhook, arrival) is Receipt.STORED


def read_address(text: str, country: str) -> list[Sender]:
    """Return the addresses that a typed or pasted `text` may mean, likeliest first; empty if it is not an address.

    `country`: two letters; its numbers may be typed as they are dialled there.
    """
    if (own := channels.address(visible(text))) and own.bsuid:
        return [own]
    return [found for number in typed(text, country) if (found := channels.address(number))]


async def bring_up_to_date(settings: Settings) -> None:
    """Create the database's tables, or change them to what this version needs."""
    require(settings, {"DATABASE_URL"})
    async with engines(settings) as running:
        tls = {} if settings.embedded else tls_options(settings.database_tls_mode, settings.database_ca)
        await migrate(running.database_url, **tls)

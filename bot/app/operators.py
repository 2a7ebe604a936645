"""Builds what operators can do: commands, a console and an API use this instead of the stores.

Whatever shows or changes something about a person goes through `Find`, which records the look.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from ..consent.deadlines import Calendar
from ..consent.retention import RuleName, policy
from ..engines import engines
from ..messages.inbound import Sender
from ..numbers import typed, visible
from ..service.incoming.receive import Receipt, Receive
from ..service.operators.dead_letters import ReplayLetters
from ..service.operators.erasures import ReplayErasures
from ..service.operators.evidence import Evidence
from ..service.operators.export import ExportConsents
from ..service.operators.find import Find
from ..service.operators.person import AboutPerson
from ..service.operators.requests import AnswerRequests
from ..service.operators.rotation import RotateKeys
from ..service.operators.sales import RecordSale
from ..service.ports import Check
from ..service.retention import Retention
from ..settings import Settings
from ..stores import erasure_list
from ..stores.postgres.connect import tls_options
from ..stores.postgres.evidence import evidence
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

    async def all(self) -> AsyncIterator[Check]:
        """Yield the results, leaving out checks that need a store that does not answer."""
        runtime = self._runtime
        yield doctor.texts_check(runtime.dialogue.world)
        yield doctor.business_check(runtime.dialogue.world)
        for check in doctor.retention_checks(runtime.dialogue.world.business):
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


@dataclass(frozen=True, slots=True)
class Operators:
    """The use cases of the company's own people."""

    find: Find
    person: AboutPerson
    requests: AnswerRequests
    evidence: Evidence
    export: ExportConsents
    sales: RecordSale
    dead_letters: ReplayLetters
    erasures: ReplayErasures
    rotation: RotateKeys
    retention: Retention
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
    )
    requests = AnswerRequests(
        find=find,
        requests=runtime.stores.requests,
        erasures=runtime.stores.erasures,
        calendar=Calendar.of(business.controller),
    )
    return Operators(
        find=find,
        person=_about_person(runtime),
        requests=requests,
        evidence=_evidence(runtime),
        export=ExportConsents(find=find, ledger=runtime.stores.ledger, world=runtime.dialogue.world),
        sales=RecordSale(ledger=runtime.stores.ledger, business=business),
        dead_letters=ReplayLetters(
            shards=[shard.dead for shard in runtime.stores.shards],
            receive=partial(_received, runtime.receive) if runtime.receive else None,
        ),
        erasures=_replay_erasures(runtime),
        rotation=RotateKeys(
            count=partial(count, runtime.stores.database),
            rotate=partial(rotate, runtime.stores.database, runtime.stores.keys),
            erasures=runtime.stores.erasures,
            letters=[shard.dead for shard in runtime.stores.shards],
        ),
        retention=runtime.use_cases.retention(),
        checks=StoreChecks(runtime, requests),
    )


def _about_person(runtime: Runtime) -> AboutPerson:
    return AboutPerson(
        persons=runtime.stores.persons,
        ledger=runtime.stores.ledger,
        requests=runtime.stores.requests,
        erasures=runtime.stores.erasures,
        reads=runtime.stores.reads,
        erase=runtime.use_cases.erase,
        purposes=[purpose.id for purpose in runtime.dialogue.world.business.purposes],
    )


def _evidence(runtime: Runtime) -> Evidence:
    keys = runtime.stores.keys
    return Evidence(
        ledger=runtime.stores.ledger,
        tree=runtime.stores.checkpoints,
        proof_of=partial(evidence, runtime.stores.database, keys, runtime.stores.checkpoints),
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

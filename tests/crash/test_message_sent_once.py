"""`kill -9` of a worker over a message of the company: it is sent once if WhatsApp tells of it, and never lost."""

import asyncio
import signal
from uuid import uuid4

import pytest

from bot.app.simulation import Simulation, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.messages.basis import ForPurpose
from bot.messages.inbound import Sender
from bot.messages.reply import Reply
from bot.service.company.messages import Message
from bot.service.sending import deliver
from bot.settings import Settings
from tests.crash.fate import fate
from tests.service.stage import front, worker
from tests.service.watching import BRITISH, quiet, subscribed

pytestmark = pytest.mark.slow

TEXT = "Your order is on its way."


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status that is to come has come."""
    monkeypatch.setattr(deliver, "STATUS_PATIENCE", 0.0)


async def send(simulation: Simulation, person: SimulatedPerson) -> str:
    to = Sender(person.who.phone, person.who.bsuid)
    id = str(uuid4())
    wanted = Message(id=id, to=to, basis=ForPurpose("order_updates"), content=Reply(TEXT), caller="test")
    decision = await simulation.runtime.use_cases.messages.send(wanted)
    assert not decision.reason
    return id


def got(person: SimulatedPerson) -> int:
    return sum(reply.text.startswith(TEXT) for reply in person.replies)


@pytest.mark.parametrize("after", ["received", "sent", "acceptance noted"])
async def test_message_is_sent_once_if_whatsapp_tells_of_it(stores: Settings, after: str) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        async with worker(settings):
            await subscribed(simulation, ana)
        id = await send(simulation, ana)
        assert await fate(settings, after=after) == -signal.SIGKILL
        for reply in ana.replies:
            if reply.text.startswith(TEXT):
                status = webhooks.status(ana.who, reply.id, "delivered", reference=reply.reference or None)
                await simulation.hook.post(status)
        async with worker(settings):
            await quiet(simulation)
        assert got(ana) == 1
        followed = await simulation.runtime.use_cases.messages.follow(id)
        assert followed is not None
        assert followed.status == ("sent" if after == "received" else "delivered")


async def test_message_of_which_nothing_is_heard_is_sent_again(stores: Settings) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        async with worker(settings):
            await subscribed(simulation, ana)
        await send(simulation, ana)
        assert await fate(settings, after="sent") == -signal.SIGKILL
        async with worker(settings):
            await quiet(simulation)
        assert got(ana) == 2


async def test_message_queued_twice_under_one_id_is_sent_once(stores: Settings) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        async with worker(settings):
            await subscribed(simulation, ana)
        to = Sender(ana.who.phone, ana.who.bsuid)
        wanted = Message(id=str(uuid4()), to=to, basis=ForPurpose("order_updates"), content=Reply(TEXT), caller="test")
        await asyncio.gather(*(simulation.runtime.use_cases.messages.send(wanted) for _ in range(5)))
        async with worker(settings):
            await quiet(simulation)
        assert got(ana) == 1

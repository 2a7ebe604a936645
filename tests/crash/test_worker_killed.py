"""`kill -9` of a worker after each of its steps: nothing is lost, the ledger is right, one message may come twice."""

import hashlib
import signal

import pytest

from bot.app.simulation import Simulation, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.sent import Sent
from bot.messages.reply import Reply
from bot.settings import Settings
from tests.crash.doomed import AFTER
from tests.crash.fate import fate
from tests.service.stage import changed, front, worker
from tests.service.watching import BRITISH, assert_sound, kinds_of, record_of, subscribed

pytestmark = pytest.mark.slow

DEATHS = [(step, 1) for step in AFTER] + [("sent", times) for times in (2, 3)]


@pytest.mark.parametrize(("after", "times"), DEATHS)
async def test_the_next_worker_reaches_the_same_end_after_a_crash_anywhere(
    stores: Settings, after: str, times: int
) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana, ben, eve = (simulation.person(somebody(BRITISH)) for _ in range(3))
        async with worker(settings):
            await ana.say("Hello", replies=1)
            await subscribed(simulation, ben)
        before = {person: len(person.replies) for person in (ana, ben, eve)}

        await ana.say("YES", replies=0)
        await ben.say("STOP", replies=0)
        await eve.say("Hello", replies=0)
        assert await fate(settings, after=after, times=times) == -signal.SIGKILL
        async with worker(settings):
            await simulation.settled()
        answers = {person: person.replies[count:] for person, count in before.items()}

        assert await kinds_of(simulation, ana) == ["requested order_updates", "given order_updates", "requested offers"]
        assert (await kinds_of(simulation, ben))[4:] == ["withdrawn order_updates", "withdrawn offers"]
        assert await kinds_of(simulation, eve) == ["requested order_updates"]
        await assert_sound(simulation, ana, ben, eve)

        assert beginnings(answers[ana]) == {"Thank you, noted:"}
        assert beginnings(answers[ben]) == {"Done. You won't"}
        assert beginnings(answers[eve]) == {"Hello! I'm the"}
        twice = {person: len(sent) - len(once(sent)) for person, sent in answers.items()}
        if after == "sent":
            assert sum(twice.values()) == 1
        else:  # a STOP goes ahead, so its confirmation may be on its way when the worker dies
            assert (twice[ana], twice[eve]) == (0, 0)
            assert twice[ben] <= 1
        await assert_asked_what_the_ledger_says(simulation, ana)
        await assert_asked_what_the_ledger_says(simulation, eve)


async def test_a_crash_before_a_key_change_leads_to_the_same_end(stores: Settings) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        async with worker(settings):
            await ana.say("Hello", replies=1)
        await ana.say("YES", replies=0)
        assert await fate(settings, after="ledger committed") == -signal.SIGKILL
        (secret,) = settings.secret_key
        async with worker(changed(settings, secret_key=f"{'a newer key ' * 4},{secret.get_secret_value()}")):
            await simulation.settled()
        assert beginnings(ana.replies[1:]) == {"Thank you, noted:"}
        assert await kinds_of(simulation, ana) == ["requested order_updates", "given order_updates", "requested offers"]


@pytest.mark.parametrize("after", ["sent", "acceptance noted"])
async def test_a_yes_to_a_question_whose_sender_died_is_not_lost(stores: Settings, after: str) -> None:
    """Whoever dies before noting that the question was taken leaves it to WhatsApp's word, or asks once more."""
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        await ana.say("Hello", replies=0)
        assert await fate(settings, after=after) == -signal.SIGKILL
        (question,) = ana.replies
        await simulation.hook.post(
            webhooks.status(ana.who, question.id, "delivered", reference=question.reference or None)
        )
        await ana.say("YES", replies=0)
        async with worker(settings):
            await simulation.settled()
        assert (await record_of(simulation, ana)).given == ("order_updates",)
        await assert_sound(simulation, ana)


async def test_a_yes_to_a_question_of_which_nothing_is_known_is_asked_for_again(stores: Settings) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        await ana.say("Hello", replies=0)
        assert await fate(settings, after="sent") == -signal.SIGKILL
        await ana.say("YES", replies=0)
        async with worker(settings):
            await simulation.settled()
            assert not (await record_of(simulation, ana)).given
            assert all("May *Blumen Haas* write to you here" in one.text for one in ana.replies), "only the question"
            await ana.say("YES", replies=1)
        assert (await record_of(simulation, ana)).given == ("order_updates",)


def once(sent: list[Sent]) -> list[Sent]:
    """Return each message once, by our own id of it."""
    return list({one.reference: one for one in sent}.values())


def beginnings(sent: list[Sent]) -> set[str]:
    """Return how each begins; what a dead worker had in hand comes last, when it is taken over."""
    return {" ".join(one.text.split()[:3]) for one in once(sent)}


async def assert_asked_what_the_ledger_says(simulation: Simulation, person: SimulatedPerson) -> None:
    pending = (await record_of(simulation, person)).pending
    assert pending is not None
    asked = next(one for one in reversed(person.replies) if one.buttons)
    assert pending.wording == hashlib.sha256(wording(asked).encode()).digest()
    assert asked.buttons[0].id == f"yes:{pending.question}"


def wording(sent: Sent) -> str:
    return Reply(sent.text, sent.footer, sent.header, sent.buttons).wording()

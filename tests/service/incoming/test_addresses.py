"""People change numbers, hide them and show them, and lie in different shards: who is who, and what stays withdrawn."""

from collections.abc import AsyncIterator, Iterable

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity
from bot.consent.evidence import Entry, Kind
from bot.consent.lifecycle import Status
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append
from bot.service.shards import shard_of, token_of
from bot.settings import Settings
from bot.stores.postgres.erasures import Erasures
from tests.service.stage import changed
from tests.service.watching import BRITISH, assert_sound, kinds_of, owner_of, quiet, record_of, session_of, subscribed

SHARDS = 2


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, shards=SHARDS)) as running:
        yield running


def shard(keys: Keyring, who: Identity) -> int:
    return shard_of(token_of(Sender(who.phone, who.bsuid), keys), SHARDS)


def somebody_in(simulation: Simulation, number: int, *, phone_in: int | None = None) -> Identity:
    """Make up a person who lies in a shard, and would lie in another by their phone alone."""
    keys = simulation.runtime.stores.keys
    while True:
        who = somebody(BRITISH)
        if shard(keys, who) == number and phone_in in (None, shard(keys, Identity(who.phone, None))):
            return who


async def test_people_of_both_shards_are_served(simulation: Simulation) -> None:
    people = [simulation.person(somebody_in(simulation, number)) for number in range(SHARDS)]
    for person in people:
        await subscribed(simulation, person)
        await person.say("STOP", replies=1)
    await assert_sound(simulation, *people)


@pytest.mark.parametrize(("home", "phone_in"), [(0, 1), (1, 0)])
async def test_message_with_only_a_phone_is_handled_in_the_shard_of_the_bsuid(
    simulation: Simulation, home: int, phone_in: int
) -> None:
    who = somebody_in(simulation, home, phone_in=phone_in)
    ana = simulation.person(who)
    await subscribed(simulation, ana)
    hidden = simulation.person(Identity(who.phone, None))
    await hidden.say("STOP", replies=1)
    assert (await kinds_of(simulation, ana))[-2:] == ["withdrawn order_updates", "withdrawn offers"]
    await simulation.settled()
    await assert_sound(simulation, ana)
    assert await session_of(simulation, hidden) is None


@pytest.mark.parametrize("home", [0, 1])
async def test_person_known_only_by_phone_stays_the_same_once_a_bsuid_appears(
    simulation: Simulation, home: int
) -> None:
    who = somebody_in(simulation, home, phone_in=0)
    hidden = simulation.person(Identity(who.phone, None))
    await subscribed(simulation, hidden)
    ana = simulation.person(who)
    (choices,) = await ana.say("CHOICES", replies=1)
    assert choices.text.count("✅") == 2
    assert await owner_of(simulation.runtime, ana) == await owner_of(simulation.runtime, hidden)
    await simulation.settled()
    await assert_sound(simulation, ana)


@pytest.mark.parametrize("now_in", [0, 1])
async def test_late_stop_from_a_previous_bsuid_applies_to_the_new_one(simulation: Simulation, now_in: int) -> None:
    before = somebody_in(simulation, 0)
    late = simulation.person(before)
    await late.say("Hello", replies=1)
    ana = simulation.person(Identity(before.phone, somebody_in(simulation, now_in).bsuid))
    await simulation.hook.post(webhooks.changed_user_id(before, ana.who))
    await simulation.settled()
    for text, replies in (("START", 1), ("YES", 1), ("YES", 1)):
        await ana.say(text, replies=replies)
    assert (await record_of(simulation, ana)).given
    await late.say("STOP", replies=0)
    await quiet(simulation)
    (choices,) = await ana.say("CHOICES", replies=1)
    assert "✅" not in choices.text
    await simulation.settled()
    await assert_sound(simulation, ana)


@pytest.mark.parametrize("late", ["a message", "the change once more", "the change before"])
async def test_late_events_do_not_restore_a_previous_address(simulation: Simulation, late: str) -> None:
    """Answers would go to a number that may be a stranger's by now."""
    first, second, now = (somebody(BRITISH) for _ in range(3))
    await simulation.person(first).say("Hello", replies=1)
    person = await owner_of(simulation.runtime, simulation.person(first))
    for before, after in ((first, second), (second, now)):
        await simulation.hook.post(webhooks.changed_number(before, after))
        await simulation.settled()
    simulation.graph.heard(now)
    match late:
        case "a message":
            await simulation.hook.post(webhooks.text(second, "STOP"))
        case "the change once more":
            await simulation.hook.post(webhooks.changed_number(second, now))
        case "the change before":
            await simulation.hook.post(webhooks.changed_number(first, second))
    await quiet(simulation)
    assert (await simulation.runtime.stores.persons.load([person]))[person].sender == Sender(now.phone, now.bsuid)
    ana = simulation.person(now)
    await ana.say("HELP", replies=1)
    await simulation.settled()
    await assert_sound(simulation, ana)
    assert await owner_of(simulation.runtime, ana) == person


async def test_suppressions_are_looked_up_once_until_redis_is_flushed(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[set[str]] = []
    suppressed = Erasures.suppressed

    async def watched(self: Erasures, addresses: Iterable[str]) -> dict[str, dict[str, int]]:
        looks.append(set(addresses))
        return await suppressed(self, looks[-1])

    monkeypatch.setattr(Erasures, "suppressed", watched)
    who = somebody(BRITISH)
    newcomer, theirs = simulation.person(who), {who.phone, who.bsuid}
    await newcomer.say("HELP", replies=1)
    assert looks == [theirs]
    await simulation.settled()
    await simulation.runtime.stores.client.run("FLUSHALL")
    await newcomer.say("HELP", replies=1)
    assert looks == [theirs, theirs]


async def test_merging_two_persons_keeps_the_withdrawal(simulation: Simulation) -> None:
    who = somebody(BRITISH)
    by_bsuid, by_phone = simulation.person(Identity(None, who.bsuid)), simulation.person(Identity(who.phone, None))
    await subscribed(simulation, by_bsuid)
    await subscribed(simulation, by_phone)
    await by_phone.say("STOP", replies=1)
    ana = simulation.person(who)
    (choices,) = await ana.say("CHOICES", replies=1)
    assert "✅" not in choices.text
    record = await record_of(simulation, ana)
    assert {record.consent(purpose).status for purpose in ("order_updates", "offers")} == {Status.WITHDRAWN}
    assert await owner_of(simulation.runtime, ana) == await owner_of(simulation.runtime, by_bsuid)
    await simulation.settled()
    await assert_sound(simulation, ana)


Moving = tuple[Identity, Identity, Identity]
"""Who somebody is, who they are under a new number, and who gets the old one."""


def _moves() -> dict[str, Moving]:
    old, new, heir = somebody(BRITISH), somebody(BRITISH), somebody(BRITISH)
    return {
        "all show bsuids": (old, new, Identity(old.phone, heir.bsuid)),
        "the heir shows a phone": (old, new, Identity(old.phone, None)),
        "all show phones": (Identity(old.phone, None), Identity(new.phone, None), Identity(old.phone, None)),
        "the change shows a bsuid": (Identity(old.phone, None), new, Identity(old.phone, None)),
    }


@pytest.fixture(params=_moves())
def moving(request: pytest.FixtureRequest) -> Moving:
    return _moves()[str(request.param)]


async def moved(simulation: Simulation, person: SimulatedPerson, new: Identity) -> None:
    """The person takes a new number. Meta: messages/system, Aug 2026."""
    await person.change_number(new.phone or "", new.bsuid)
    await simulation.settled()


async def test_after_a_change_of_number_every_consent_needs_a_new_yes(simulation: Simulation, moving: Moving) -> None:
    old, new, heir = moving
    ana = simulation.person(old)
    await subscribed(simulation, ana)
    owner = await owner_of(simulation.runtime, ana)
    await moved(simulation, ana, new)
    assert await owner_of(simulation.runtime, ana) == owner
    record = await record_of(simulation, ana)
    assert {record.consent(purpose).status for purpose in ("order_updates", "offers")} == {Status.STALE}

    stranger = simulation.person(heir)
    (asked,) = await stranger.say("Hello", replies=1)
    assert asked.buttons
    assert await kinds_of(simulation, stranger) == ["requested order_updates"]
    assert await owner_of(simulation.runtime, stranger) != owner
    await simulation.settled()
    await assert_sound(simulation, ana, stranger)


async def test_after_a_change_of_number_a_stop_still_holds(simulation: Simulation, moving: Moving) -> None:
    old, new, heir = moving
    ana = simulation.person(old)
    await subscribed(simulation, ana)
    await ana.say("STOP", replies=1)
    await moved(simulation, ana, new)
    await ana.say("YES", replies=0)
    await simulation.settled()
    record = await record_of(simulation, ana)
    assert {record.consent(purpose).status for purpose in ("order_updates", "offers")} == {Status.WITHDRAWN}

    stranger = simulation.person(heir)
    (choices,) = await stranger.say("CHOICES", replies=1)
    assert "✅" not in choices.text
    await simulation.settled()
    await assert_sound(simulation, ana, stranger)


async def test_new_owner_of_a_number_sees_no_consent_of_its_previous_owner(
    simulation: Simulation, moving: Moving
) -> None:
    old, new, heir = moving
    ana = simulation.person(old)
    await subscribed(simulation, ana)
    await moved(simulation, ana, new)
    (choices,) = await simulation.person(heir).say("CHOICES", replies=1)
    assert "✅" not in choices.text


async def test_phone_with_another_bsuid_belongs_to_a_new_person_without_consents(simulation: Simulation) -> None:
    ana = simulation.person(somebody(BRITISH))
    await subscribed(simulation, ana)
    heir = simulation.person(Identity(ana.who.phone, somebody(BRITISH).bsuid))
    await heir.say("Hello", replies=1)
    assert await kinds_of(simulation, heir) == ["requested order_updates"]
    await ana.say("CHOICES", replies=1)  # WhatsApp still tells her old phone
    assert set((await record_of(simulation, ana)).given) == {"order_updates", "offers"}
    await simulation.settled()
    await assert_sound(simulation, ana, heir)


async def test_withdrawal_is_passed_on_with_each_phone_a_person_gives_up(simulation: Simulation) -> None:
    """Nothing tells that its next owner is not the same person, and a withdrawal must not be lost."""
    ana = simulation.person(somebody(BRITISH))
    await ana.say("STOP", replies=1)
    for _ in range(2):
        heir = simulation.person(Identity(ana.who.phone, somebody(BRITISH).bsuid))
        await heir.say("CHOICES", replies=1)
        assert await kinds_of(simulation, heir) == ["withdrawn order_updates", "withdrawn offers"]
        ana.who = Identity(somebody(BRITISH).phone, ana.who.bsuid)
        await simulation.person(ana.who).say("CHOICES", replies=1)
        await simulation.settled()
        await assert_sound(simulation, heir)


async def test_late_stop_written_before_a_number_change_is_obeyed(simulation: Simulation) -> None:
    old, new = somebody(BRITISH), somebody(BRITISH)
    ana = simulation.person(old)
    await subscribed(simulation, ana)
    post = webhooks.text(old, "STOP")
    await moved(simulation, ana, new)
    await simulation.hook.post(post)
    await simulation.settled()
    record = await record_of(simulation, ana)
    assert record.consent("offers").stopped_at > 0


SPELLINGS = [
    ("+553187654321", "+5531987654321"),
    ("+5215512345678", "+525512345678"),
    ("+5491145678901", "+541145678901"),
    ("+5491145678901", "+54111545678901"),
]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("forms", SPELLINGS)
async def test_one_number_in_two_spellings_is_one_person(
    simulation: Simulation, forms: tuple[str, str], turned: bool
) -> None:
    first, second = reversed(forms) if turned else forms
    ana, respelled = simulation.person(Identity(first, None)), simulation.person(Identity(second, None))
    await ana.say("English", replies=1)
    await subscribed(simulation, ana)
    await respelled.say("STOP", replies=1)
    assert await owner_of(simulation.runtime, respelled) == await owner_of(simulation.runtime, ana)
    assert (await record_of(simulation, ana)).given == ()
    assert simulation.graph.sent[-1].recipient == second
    await simulation.settled()
    await assert_sound(simulation, ana, respelled)


async def test_two_persons_with_one_number_are_merged_and_keep_the_withdrawal(simulation: Simulation) -> None:
    """Rows from before numbers had one spelling may hold two persons of one number."""
    forms = SPELLINGS[0]
    runtime = simulation.runtime
    older, newer = await runtime.stores.persons.create([Sender("+4915112345671"), Sender("+4915112345672")])
    tokens = [
        token for token in runtime.stores.keys.addresses(forms[0]) if token != runtime.stores.keys.address(forms[0])
    ]
    for person, token in ((older, tokens[0]), (newer, runtime.stores.keys.address(forms[0]))):
        await runtime.stores.database.execute("UPDATE addresses SET token = $1 WHERE person = $2", token, person)
    stop = Entry(kind=Kind.WITHDRAWN, purpose="offers", at=1_790_000_000, recorded_at=1.0, inbound="a", answer="STOP")
    assert await runtime.stores.ledger.append([Append(older, 0, [stop])])
    ana = simulation.person(Identity(forms[1], None))
    await ana.say("English", replies=1)
    assert (await runtime.stores.persons.find_all(list(forms))) == {form: [newer] for form in forms}
    assert (await record_of(simulation, ana)).consent("offers").status is Status.WITHDRAWN

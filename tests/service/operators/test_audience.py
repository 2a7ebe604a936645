"""Whom the company may write to: what the list says is what the gate would say."""

import pytest
from msgspec.structs import replace

from bot.consent.evidence import Entry, Kind, Method
from bot.errors import OperatorError
from bot.messages.inbound import Sender
from bot.service.operators import pages
from bot.service.operators.audience import Question, Standing
from bot.service.operators.imports import Terms
from bot.service.operators.pages import Page
from bot.service.ports import Append, PersonId
from bot.times import DAY
from tests.consent.facts import entry
from tests.service.operators.files import BEN, NOW, Company

ASKED = entry(Kind.REQUESTED, NOW - 900, notice="2026-10")
YES = entry(Kind.GIVEN, NOW - 800, notice="2026-10", expires_at=NOW + DAY)

PEOPLE: dict[str, tuple[list[Entry], Standing, str]] = {
    "given": ([ASKED, YES], Standing.IN, ""),
    "asked": ([ASKED], Standing.ASKED, "pending"),
    "refused": ([ASKED, entry(Kind.REFUSED, NOW - 700)], Standing.OUT, "no_consent"),
    "withdrawn": ([ASKED, YES, entry(Kind.WITHDRAWN, NOW - 700)], Standing.OUT, "withdrawn"),
    "in doubt": ([ASKED, YES, entry(Kind.PAUSED, NOW - 700)], Standing.OUT, "paused"),
    "restricted": ([ASKED, YES, entry(Kind.RESTRICTED, NOW - 700)], Standing.OUT, "restricted"),
    "stale": ([ASKED, YES, entry(Kind.STALE, NOW - 700)], Standing.OUT, "stale"),
    "never asked": ([], Standing.NONE, "no_consent"),
}


def phone(number: int) -> str:
    return f"+49151234567{number:02}"


async def everybody(shop: Company) -> dict[PersonId, str]:
    """Somebody in each state, by their id."""
    made = {}
    for number, (name, (entries, _, _)) in enumerate(PEOPLE.items()):
        own = [replace(one, inbound=f"{name} {one.at}") for one in entries]
        made[await shop.knows(phone(number), *own)] = name
    return made


@pytest.mark.parametrize("page", [1, 3, 500])
async def test_each_person_stands_where_the_gate_says(
    shop: Company, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(pages, "PAGE", page)
    made = await everybody(shop)
    listed = [one async for one in shop.operators.audience.all(Question("offers"), BEN)]
    members = [member for one in listed for member in one.members]
    assert {made[member.person]: (member.status, member.reason) for member in members} == {
        name: (standing, reason) for name, (_, standing, reason) in PEOPLE.items()
    }
    for number, name in enumerate(PEOPLE):
        assert (PEOPLE[name][1] is Standing.IN) == (await shop.refusal(phone(number)) is None)


async def test_a_member_comes_with_time_source_and_entry(shop: Company) -> None:
    person = await shop.knows(phone(0), ASKED, YES)
    (member,) = (await shop.operators.audience.page(Question("offers", Standing.IN), BEN)).members
    given = (await shop.runtime.stores.ledger.story(person))[1]
    assert (member.since, member.until, member.source, member.evidence) == (
        NOW - 800,
        NOW + DAY,
        "chat",
        given.sequence,
    )
    assert member.sender is None


async def test_addresses_are_given_only_if_asked_for_and_each_look_is_recorded(shop: Company) -> None:
    person = await shop.knows(phone(0), ASKED, YES)
    (member,) = (await shop.operators.audience.page(Question("offers"), BEN, addresses=True)).members
    assert member.sender == Sender(phone(0))
    assert [read.operator for read in await shop.runtime.stores.reads.of(person)] == ["ben"]


async def test_whoever_is_not_wanted_is_not_looked_at(shop: Company) -> None:
    person = await shop.knows(phone(0), ASKED)
    page = await shop.operators.audience.page(Question("offers", Standing.IN), BEN)
    assert page == Page([], None)
    assert await shop.runtime.stores.reads.of(person) == []


async def test_a_cursor_goes_on_where_a_page_ended(shop: Company) -> None:
    made = await everybody(shop)
    seen, after = [], None
    while True:
        page = await shop.operators.audience.page(Question("offers", Standing.OUT), BEN, after=after, most=2)
        seen += [made[member.person] for member in page.members]
        if (after := page.next) is None:
            break
    assert seen == [name for name, (_, standing, _) in PEOPLE.items() if standing is Standing.OUT]


async def test_source_since_and_locale_narrow_the_question(shop: Company) -> None:
    person = await shop.knows(phone(0), ASKED, YES)
    await shop.runtime.stores.persons.set_locales({person: "de"})
    for question, found in [
        (Question("offers", source=Method.CHAT), 1),
        (Question("offers", source=Method.IMPORT), 0),
        (Question("offers", since=NOW - 800), 1),
        (Question("offers", since=NOW - 799), 0),
        (Question("offers", locale="de"), 1),
        (Question("offers", locale="fr"), 0),
        (Question("order_updates", Standing.NONE), 1),
    ]:
        assert len((await shop.operators.audience.page(question, BEN)).members) == found, question


async def test_claims_are_listed_as_claimed_with_their_source(shop: Company) -> None:
    await shop.imports(f"phone,status\n{phone(0)},yes\n".encode(), Terms("Shop", ["offers"]))
    (member,) = (await shop.operators.audience.page(Question("offers", Standing.CLAIMED), BEN)).members
    assert (member.since, member.source, member.until) == (NOW, "import: Shop", 0)


async def test_a_suppressed_address_is_out_before_its_owner_s_ledger_knows_it(shop: Company) -> None:
    await shop.knows(phone(0), ASKED, YES)
    await shop.runtime.stores.erasures.suppress([phone(0)], {"*": NOW})
    (member,) = (await shop.operators.audience.page(Question("offers"), BEN)).members
    assert (member.status, member.reason, member.since) == (Standing.OUT, "suppressed", NOW)


async def test_an_unknown_purpose_is_told_with_its_cure(shop: Company) -> None:
    with pytest.raises(OperatorError, match="name one of: order_updates, offers"):
        await shop.operators.audience.page(Question("nonsense"), BEN)


async def test_only_withdrawn_and_refused_purposes_are_on_the_list_of_stopped_persons(shop: Company) -> None:
    made = await everybody(shop)
    stopped = [one async for page in shop.operators.audience.all_stopped(BEN) for one in page.members]
    assert {(made[one.person], *one.addresses, *one.purposes) for one in stopped} == {
        (name, phone(list(PEOPLE).index(name)), "offers") for name in ("refused", "withdrawn")
    }


async def test_whoever_is_asked_again_stays_on_the_list_until_they_answer(shop: Company) -> None:
    asked = entry(Kind.REQUESTED, NOW - 600, question="q2", notice="2026-10")
    person = await shop.knows(phone(0), ASKED, entry(Kind.WITHDRAWN, NOW - 700), asked)
    (stopped,) = (await shop.operators.audience.stopped(BEN)).members
    assert stopped.purposes == {"offers": NOW - 700}
    yes = entry(Kind.GIVEN, NOW - 500, question="q2", notice="2026-10")
    assert await shop.runtime.stores.ledger.append([Append(person, 3, [yes])]) == {person}
    assert (await shop.operators.audience.stopped(BEN)).members == []

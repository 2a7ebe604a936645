"""Whatever is imported, in whatever order: no file allows what was not allowed before, without confirmed evidence."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.consent.evidence import Entry, Kind
from bot.consent.lifecycle import NotAllowed, admit
from bot.service.operators.imports import Terms
from bot.service.ports import Append
from bot.settings import Settings
from bot.times import DAY
from tests.consent.facts import entry
from tests.service.operators.files import CONFIRMED, FORMATS, NOW, SOURCE, Company, company, format_of

_phones = count(20_000_000)

Step = tuple[str, ...]

IMPORTS = st.tuples(
    st.just("import"),
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from(["in", "in", "out"]),
    st.sampled_from([SOURCE, "unconfirmed"]),
    st.sampled_from(["1", "40", "400"]),  # days ago
)
SAID = st.tuples(st.just("person"), st.sampled_from(["asks and says yes", "stop", "object", "restrict", "refuse"]))


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def said(what: str, at: int) -> Sequence[Entry]:
    """What the ledger gets when a person does something."""
    question = f"q{at}"
    asked = entry(Kind.REQUESTED, at, question=question, notice="2026-10")
    match what:
        case "asks and says yes":
            return [asked, entry(Kind.GIVEN, at + 1, question=question, notice="2026-10", expires_at=NOW + 300 * DAY)]
        case "refuse":
            return [asked, entry(Kind.REFUSED, at + 1, question=question)]
    return [entry({"stop": Kind.WITHDRAWN, "object": Kind.OBJECTED, "restrict": Kind.RESTRICTED}[what], at)]


async def says(shop: Company, phone: str, what: str, at: int) -> None:
    """Let the person do something, as far as the law lets them."""
    person = await shop.person(phone) or await shop.knows(phone)
    record, entries = await shop.record(phone), []
    for number, one in enumerate(said(what, at)):
        try:
            record = admit(record, one)
        except NotAllowed:
            break
        entries.append(replace(one, inbound=f"{phone} {at} {number}"))
    if entries:
        await shop.runtime.stores.ledger.append([Append(person, record.seq - len(entries), entries)])


async def play(shop: Company, steps: Sequence[Step]) -> None:
    phone, stopped = f"+49151{next(_phones)}", False
    for number, step in enumerate(steps):
        before = await shop.refusal(phone) is None
        if step[0] == "person":
            await says(shop, phone, step[1], NOW - 1000 + 10 * number)
            allowed = await shop.refusal(phone) is None
            stopped = stopped and not allowed if step[1] == "asks and says yes" else True
            continue
        _, format, word, source, days = step
        content = FORMATS[format](phone, word, NOW - int(days) * DAY)
        await shop.imports(content, Terms(source, ["offers"]), format_of(format))
        after = await shop.refusal(phone) is None
        if after and not before:
            assert source == SOURCE, steps
            assert word == "in", steps
            assert not stopped, steps
        stopped = stopped or word == "out"


def test_no_sequence_of_imports_allows_anything_without_confirmed_evidence_or_after_a_withdrawal(
    stores: Settings, loop: asyncio.Runner
) -> None:
    running = company(stores, CONFIRMED)
    shop = loop.run(running.__aenter__())

    @settings(max_examples=60)
    @given(st.lists(IMPORTS | SAID, min_size=1, max_size=7))
    def sequences(steps: Sequence[Step]) -> None:
        loop.run(play(shop, steps))

    try:
        sequences()
    finally:
        loop.run(running.__aexit__(None, None, None))

"""A campaign by API, with people who say STOP at any moment and workers that are killed.

CAMPAIGN=10000 plays it with so many people; its figures are printed.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp
import pytest

from bot.app.operators import operators
from bot.app.simulation import Simulation
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.sent import Sent
from bot.consent.evidence import Entry, Kind, Method, Wording
from bot.messages.inbound import Sender
from bot.service.ports import Append, PersonId, Scope
from bot.service.sending import deliver
from bot.settings import Settings
from tests.crash.fate import fate
from tests.service.stage import front, worker
from tests.service.watching import crowd, quiet

pytestmark = pytest.mark.slow

PEOPLE = int(os.environ.get("CAMPAIGN", "400"))
STOPS = PEOPLE // 20
AT_ONCE = 16
TEXT = "Tulips at half price!"
PURPOSE = "offers"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statuses come at once here, so a worker that takes over soon knows what was sent."""
    monkeypatch.setattr(deliver, "STATUS_PATIENCE", 1.0)


async def agreed(simulation: Simulation, people: Sequence[SimulatedPerson]) -> None:
    """Let everybody have agreed to the purpose, as if they had chatted."""
    stores, now = simulation.runtime.stores, int(time.time())
    persons = await stores.persons.create([Sender(person.who.phone, person.who.bsuid) for person in people])
    for start in range(0, len(persons), 500):
        page = persons[start : start + 500]
        done = await stores.ledger.append([Append(person, 0, consent(person, now)) for person in page])
        assert len(done) == len(page)


def consent(person: PersonId, now: int) -> list[Entry]:
    shown = Wording("May we?", "opt_in.ask", "en")
    common: dict[str, Any] = {
        "purpose": PURPOSE,
        "question": person[-12:],
        "locale": "en",
        "notice": "2026-10",
        "wording": shown.sha256,
        "method": Method.CHAT,
    }
    return [
        Entry(
            kind=Kind.REQUESTED,
            at=now - 20,
            recorded_at=now - 20,
            expires_at=now,
            inbound=f"q {person}",
            shown=shown,
            **common,
        ),
        Entry(
            kind=Kind.GIVEN,
            at=now - 10,
            recorded_at=now - 10,
            expires_at=now + 10**7,
            inbound=f"a {person}",
            answer="YES",
            **common,
        ),
    ]


class Campaign:
    """Sends everybody the offer, through the API."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {secret}"}
        self.ids: list[str] = []
        self.report: Counter[str] = Counter()

    async def run(self, people: Sequence[SimulatedPerson]) -> None:
        left = iter(people)
        async with aiohttp.ClientSession(self._url, headers=self._headers) as http, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._send(http, left))

    async def _send(self, http: aiohttp.ClientSession, people: Iterator[SimulatedPerson]) -> None:
        for person in people:
            body = {
                "to": person.who.phone,
                "purpose": PURPOSE,
                "template": {"name": "offer", "values": {"offer": "tulips at half price", "day": "Friday"}},
            }
            headers = {"Idempotency-Key": str(person.who.phone)}
            async with http.post("/api/v1/messages", json=body, headers=headers) as response:
                answer = await response.json(content_type=None)
            if response.status == 202:
                self.ids.append(answer["id"])
            else:
                assert (response.status, answer["reason"]) == (409, "withdrawn"), answer
                self.report["refused"] += 1


async def test_a_campaign_reaches_nobody_after_their_stop_and_nobody_twice(stores: Settings) -> None:
    dice = random.Random(7)
    async with front(stores, messages_per_second=1000, api_per_minute=10**6) as simulation:
        settings, graph = simulation.runtime.settings, simulation.graph
        graph.report_to(simulation.hook, ("sent",))
        people = crowd(simulation, PEOPLE)
        await agreed(simulation, people)
        _, secret = await operators(simulation.runtime).tokens.create("campaign", [Scope.SEND])
        campaign, stopping = Campaign(simulation.url, secret), dice.sample(people, STOPS)

        async def stop() -> None:
            for person in stopping:
                await asyncio.sleep(dice.random() * 0.02)
                graph.heard(person.who)
                await simulation.hook.post(webhooks.text(person.who, "STOP"))

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(campaign.run(people))
            group.create_task(stop())
            for _ in range(2):
                assert await fate(settings, after="sent", times=PEOPLE // 8) == -signal.SIGKILL
            async with worker(settings):
                pass
        async with worker(settings):
            await quiet(simulation, 600)
        seconds = time.monotonic() - began
        await report(simulation, campaign)
        offers = Counter(message.recipient for message in graph.sent if is_offer(message))
        print(f"\n{PEOPLE} people, {STOPS} of them stop, {seconds:.1f} s: {dict(campaign.report)}")
        assert [person for person, times in offers.items() if times > 1] == []
        assert sum(offers.values()) == campaign.report["sent"]
        assert sum(campaign.report.values()) == PEOPLE
        for person in stopping:
            after = [is_offer(message) for message in person.replies]
            assert True not in after[after.index(False) :]


def is_offer(message: Sent) -> bool:
    """Whether it is the campaign's, and not our confirmation of a STOP."""
    return bool(message.template)


async def report(simulation: Simulation, campaign: Campaign) -> None:
    """Count what became of each message, as the API tells."""
    for id in campaign.ids:
        followed = await simulation.runtime.use_cases.messages.follow(id)
        assert followed is not None
        campaign.report[followed.status] += 1

"""What those who watch over the program are told."""

import asyncio
import time

import aiohttp
import pytest

from bot.app.operators import operators
from bot.app.routes import public_routes, watching_routes
from bot.app.runtime import open_runtime
from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.meta.provider import META
from bot.channels.meta.settings import MetaSettings
from bot.channels.simulator import webhooks
from bot.channels.simulator.hook import WebhookRefused
from bot.consent.deadlines import Calendar
from bot.consent.rights import Right
from bot.engines import Engines
from bot.service.ports import EventType, NewEvent, PersonId
from bot.settings import Settings
from bot.stores.redis.keys import ShardKeys
from tests.killing import kill
from tests.service.stage import front, listener


async def checks(http: aiohttp.ClientSession) -> tuple[int, dict[str, dict[str, object]]]:
    """The status of /readyz, and its checks by name."""
    async with http.get("/readyz") as response:
        answer = await response.json()
        assert answer["status"] == ("ready" if response.status == 200 else "not ready")
        return response.status, {check["name"]: check for check in answer["checks"]}


async def measured(http: aiohttp.ClientSession) -> str:
    async with http.get("/metrics") as response:
        assert response.status == 200
        return await response.text()


async def asked(http: aiohttp.ClientSession, authorization: str = "") -> int:
    headers = {"Authorization": authorization} if authorization else {}
    async with http.get("/metrics", headers=headers) as response:
        assert (b"consentbot_" in await response.read()) is (response.status == 200)
        return response.status


async def test_metrics_behind_a_token_are_shown_only_to_those_who_send_it(settings: Settings) -> None:
    token = "0123456789abcdef" * 2
    async with front(settings, metrics_token=token) as simulation, aiohttp.ClientSession(simulation.url) as http:
        for wrong in ("", "Bearer", f"Bearer {token[:-1]}", f"bearer {token}", token, f"Bearer {token}\u00e9"):
            assert await asked(http, wrong) == 401, wrong
        assert await asked(http, f"Bearer {token}") == 200
        assert (await checks(http))[0] == 200


async def test_metrics_with_a_port_of_their_own_are_not_on_the_public_one(stores: Settings) -> None:
    separate = stores.changed(metrics_port=9100)

    def nothing() -> None:
        return None

    public = [route.path for route in public_routes(separate, nothing)]
    watching = [route.path for route in watching_routes(separate, nothing)]
    assert "/metrics" not in public
    assert {"/healthz", "/readyz", META.path} <= set(public)
    assert watching == ["/healthz", "/readyz", "/metrics"]
    assert "/metrics" in [route.path for route in public_routes(stores, nothing)]


async def test_running_program_is_alive_and_ready(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    async with http.get("/healthz") as response:
        assert (response.status, (await response.json())["status"]) == (200, "alive")
    status, found = await checks(http)
    assert status == 200, found
    assert found.keys() == {"settings", "redis", "inbox", "database", "texts"}


async def test_metrics_include_the_main_counters(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    await simulation.person(somebody()).say("Hello", replies=1)
    text = await measured(http)
    for metric in ("webhooks_total", "messages_total", "ledger_entries_total", "sent_total", "queued"):
        assert f"consentbot_{metric}{{" in text


async def test_metrics_tell_how_long_messages_wait_for_a_worker(settings: Settings) -> None:
    async with front(settings) as simulation, aiohttp.ClientSession(simulation.url) as http:
        client, inbox = simulation.runtime.stores.client, ShardKeys(0).inbox
        assert 'consentbot_unread_seconds{queue="inbox"} 0.0' in await measured(http)
        await client.run("XADD", inbox, "1-1", "e", b"")
        text = await measured(http)
        (waits,) = [
            line.split()[1] for line in text.splitlines() if line.startswith('consentbot_unread_seconds{queue="inbox"}')
        ]
        assert float(waits) > 1e9
        assert 'consentbot_unread_seconds{queue="urgent"} 0.0' in text


async def test_metrics_tell_how_near_the_days_of_requests_are(
    simulation: Simulation, http: aiohttp.ClientSession
) -> None:
    await simulation.person(somebody()).say("Hello", replies=1)
    stores = simulation.runtime.stores
    (person,) = (row["id"] for row in await stores.database.fetch("SELECT id::text AS id FROM persons"))
    for days, right in ((-40, Right.ACCESS), (-28, Right.ERASURE), (0, Right.RECTIFICATION)):
        at = int(time.time()) + days * 86400
        await stores.requests.open(
            PersonId(person),
            right,
            at=at,
            inbound=right.value.encode(),
            now=at,
            calendar=Calendar("DE", "Europe/Berlin"),
        )
    text = await measured(http)
    shown = {line for line in text.splitlines() if line.startswith("consentbot_requests{")}
    assert shown == {f'consentbot_requests{{due="{due}"}} 1.0' for due in ("overdue", "soon", "later")}
    assert person not in text


async def test_metrics_tell_what_waits_for_an_endpoint_by_its_id_alone(
    simulation: Simulation, http: aiohttp.ClientSession
) -> None:
    new = await operators(simulation.runtime).endpoints.add(
        "https://crm.invalid/hook?key=planted", types=["webhook.test"]
    )
    await simulation.runtime.stores.events.note(NewEvent(EventType.TEST, 1, None))
    text = await measured(http)
    assert f'consentbot_events_waiting{{endpoint="{new.id}"}} 1.0' in text
    assert f'consentbot_events_dead{{endpoint="{new.id}"}} 0.0' in text
    assert "planted" not in text
    assert "crm.invalid" not in text


async def test_readyz_reports_a_database_of_another_version_with_the_cure(
    simulation: Simulation, http: aiohttp.ClientSession
) -> None:
    await simulation.runtime.stores.database.execute("UPDATE alembic_version SET version_num = '0000'")
    status, found = await checks(http)
    assert status == 503
    assert {name: check["cure"] for name, check in found.items() if not check["ok"]} == {
        "database": "run `python -m bot migrate`"
    }


async def test_readyz_reports_messages_that_no_worker_reads(settings: Settings) -> None:
    async with front(settings) as simulation, aiohttp.ClientSession(simulation.url) as http:
        await simulation.hook.post(webhooks.text(somebody(), "Hello"))
        assert (await checks(http))[1]["inbox"]["ok"]
        client, inbox = simulation.runtime.stores.client, ShardKeys(0).inbox
        await client.run("DEL", inbox)
        await client.run("XADD", inbox, "1-1", "e", b"")
        status, found = await checks(http)
        assert (status, found["inbox"]["ok"]) == (503, False)
        assert "start a worker" in str(found["inbox"]["cure"])


async def test_readyz_reports_a_nearly_full_inbox(settings: Settings) -> None:
    async with (
        front(settings, inbox_limit=4) as simulation,
        aiohttp.ClientSession(simulation.url) as http,
    ):
        for _ in range(4):
            await simulation.hook.post(webhooks.text(somebody(), "Hello"))
        status, found = await checks(http)
        assert (status, found["inbox"]["detail"]) == (503, "100% full")


async def test_readyz_reports_a_skipped_language_but_stays_ready(
    simulation: Simulation, http: aiohttp.ClientSession
) -> None:
    simulation.runtime.dialogue.world.texts.problems.append("[xx] is not offered")
    try:
        status, found = await checks(http)
    finally:
        simulation.runtime.dialogue.world.texts.problems.pop()
    assert status == 200
    assert not found["texts"]["ok"]
    assert "[xx] is not offered" in str(found["texts"]["cure"])


async def test_readyz_reports_unreachable_stores_while_healthz_and_metrics_work(
    settings: Settings, own_engines: Engines
) -> None:
    async with simulate(settings) as simulation, aiohttp.ClientSession(simulation.url) as http:
        assert 'consentbot_queued{queue="inbox"}' in await measured(http)
        for pid in (own_engines.valkey_pid, own_engines.postgres_pid):
            await asyncio.to_thread(kill, pid)
        async with http.get("/healthz") as response:
            assert response.status == 200
        status, found = await checks(http)
        assert status == 503
        assert {name for name, check in found.items() if not check["ok"]} == {"redis", "database"}
        assert "consentbot_queued{" not in await measured(http), "nobody knows now"
        own_engines.restart()


async def test_missing_settings_are_named_and_webhooks_refused_while_healthz_works(stores: Settings) -> None:
    async with (
        open_runtime(stores) as runtime,
        listener(runtime) as hook,
        aiohttp.ClientSession(hook.url.removesuffix(META.path)) as http,
    ):
        async with http.get("/healthz") as response:
            assert response.status == 200
            assert "App secret" in (await response.json())["missing"]["WHATSAPP_APP_SECRET"]
        status, found = await checks(http)
        assert status == 503
        assert {name for name, check in found.items() if not check["ok"]} == {
            "WHATSAPP_TOKEN",
            "WHATSAPP_APP_SECRET",
            "WHATSAPP_VERIFY_TOKEN",
            "WHATSAPP_PHONE_NUMBER_ID",
        }
        with pytest.raises(WebhookRefused, match="503"):
            await hook.post(webhooks.text(somebody(), "Hello"))
        async with http.get(META.path) as response:
            assert response.status == 503


async def test_health_and_metrics_endpoints_show_no_secret(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    settings = simulation.runtime.settings
    meta = settings.of(MetaSettings)
    secrets = [meta.whatsapp_token, meta.whatsapp_app_secret, meta.whatsapp_verify_token]
    for path in ("/healthz", "/readyz", "/metrics"):
        async with http.get(path) as response:
            text = await response.text()
        for secret in (*secrets, *settings.secret_key):
            assert secret is not None
            assert secret.get_secret_value() not in text

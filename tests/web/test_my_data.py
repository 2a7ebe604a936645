"""The link of MY DATA: looking uses nothing up, the button gives the file once, and no dead link can be told apart."""

import asyncio
import io
import json
import logging
import secrets
import time

import aiohttp
import jsonschema
import pytest
from aiohttp import web

from bot import logs
from bot.app.processes import listening
from bot.app.routes import routes
from bot.app.simulation import Simulation, simulate, somebody
from bot.consent.rights import Right
from bot.engines import Engines
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import PersonId
from bot.service.rights.my_data import schema
from bot.settings import Settings
from bot.web import my_data as page
from tests.documents.worlds import NAMES, many_scripts
from tests.killing import kill

FILE = b'{"planted": "file"}'


async def known(simulation: Simulation, locale: str = "en") -> PersonId:
    who = somebody(locale)
    (person,) = await simulation.runtime.stores.persons.create([Sender(who.phone, who.bsuid)])
    await simulation.runtime.stores.persons.set_locales({person: locale})
    return person


async def link(simulation: Simulation, locale: str = "en", *, ends_in: int = 3600) -> str:
    now, person = int(time.time()), await known(simulation, locale)
    export = await simulation.runtime.stores.exports.keep(
        person, Right.ACCESS, file=FILE, media_id="12345", made_at=now, expires_at=now + ends_in
    )
    return f"/my-data/{export.secret}"


@pytest.fixture
def many_languages(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation.runtime.dialogue.world, "texts", many_scripts().texts)


async def test_download_button_gives_the_file_only_once(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    path = await link(simulation)
    async with http.post(path) as response:
        assert (response.status, await response.read()) == (200, FILE)
        assert response.content_type == "application/json"
        disposition = "attachment; filename*=UTF-8''Your%20data%20at%20Blumen%20Haas.json"
        assert response.headers["Content-Disposition"] == disposition
    async with http.post(path) as response:
        assert response.status == 410
        assert "planted" not in await response.text()


async def test_viewing_the_page_does_not_use_up_the_link(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    path = await link(simulation)
    for _ in range(3):
        async with http.get(path) as response, http.head(path) as head:
            assert (response.status, head.status) == (200, 200)
            text = await response.text()
            assert '<form method="post"><button type="submit">Download</button></form>' in text
            assert "planted" not in text
    async with http.post(path) as response:
        assert response.status == 200


async def test_only_one_of_several_simultaneous_downloads_gets_the_file(
    simulation: Simulation, http: aiohttp.ClientSession
) -> None:
    path = await link(simulation)

    async def tap() -> int:
        async with http.post(path) as response:
            return response.status

    assert sorted(await asyncio.gather(*(tap() for _ in range(6)))) == [200] + [410] * 5


async def test_used_expired_malformed_and_unknown_links_look_the_same(
    simulation: Simulation, http: aiohttp.ClientSession
) -> None:
    used = await link(simulation)
    async with http.post(used) as response:
        assert response.status == 200
    ended = await link(simulation, ends_in=0)
    paths = [
        used,
        ended,
        f"/my-data/{secrets.token_urlsafe(32)}",
        "/my-data/x",
        f"/my-data/{'a' * 3000}",
        "/my-data/%00",
    ]
    seen = set()
    for path in paths:
        for method in ("GET", "POST"):
            async with http.request(method, path) as response:
                headers = {name: value for name, value in response.headers.items() if name != "Date"}
                seen.add((response.status, await response.text(), json.dumps(headers)))
    ((status, text, _),) = seen
    assert status == 410
    assert "MY DATA" in text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("alive", [True, False])
async def test_responses_forbid_caching_referrers_and_indexing(
    simulation: Simulation, http: aiohttp.ClientSession, method: str, alive: bool
) -> None:
    async with http.request(method, await link(simulation) if alive else "/my-data/x") as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response.headers["X-Robots-Tag"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in response.headers
        if response.content_type == "text/html":
            text = await response.text()
            assert "http://" not in text
            assert "https://" not in text
            assert "src=" not in text


@pytest.mark.usefixtures("many_languages")
@pytest.mark.parametrize(("locale", "direction"), [("el", "ltr"), ("ar", "rtl")])
async def test_page_is_in_the_language_of_the_person(
    simulation: Simulation, http: aiohttp.ClientSession, locale: str, direction: str
) -> None:
    path = await link(simulation, locale)
    async with http.get(path, headers={"Accept-Language": "de"}) as response:
        assert f'<html lang="{locale}" dir="{direction}">' in await response.text()


@pytest.mark.usefixtures("many_languages")
@pytest.mark.parametrize(
    ("wished", "locale"),
    [
        ("de", "de"),
        ("xx, el;q=0.8", "el"),
        ("he-IL,he;q=0.9", "he"),
        ("", "en"),
        (";;,=,\u00e4", "en"),
        ("x" * 3000, "en"),
    ],
)
async def test_dead_link_page_is_in_the_language_of_the_browser(
    http: aiohttp.ClientSession, wished: str, locale: str
) -> None:
    async with http.get("/my-data/x", headers={"Accept-Language": wished}) as response:
        text = await response.text()
    assert f'lang="{locale}"' in text
    if locale in NAMES:
        assert NAMES[locale]["gone"].partition("{")[0].strip() in text


@pytest.mark.usefixtures("many_languages")
async def test_texts_are_html_escaped_on_the_page(
    simulation: Simulation, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = simulation.runtime.dialogue.world
    monkeypatch.setitem(world.language("en").values, "business", "<script>alert(1)</script>")
    async with http.get("/my-data/x") as response:
        assert "<script>" not in await response.text()


async def test_secret_of_the_link_appears_in_no_log_and_no_metric(
    simulation: Simulation, http: aiohttp.ClientSession
) -> None:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.configure("DEBUG", stream=stream, readable=False)
    root.setLevel(logging.DEBUG)
    try:
        path = await link(simulation)
        for method in ("GET", "POST", "GET", "PUT"):
            async with http.request(method, path) as response:
                await response.read()
    finally:
        root.handlers = handlers
        root.setLevel(level)
    secret = path.rpartition("/")[2]
    async with http.get("/metrics") as response:
        measured = await response.text()
    assert 'consentbot_downloads_total{outcome="given"}' in measured
    assert secret not in measured
    assert secret not in stream.getvalue()


async def test_page_answers_503_with_retry_after_while_the_database_is_down(
    settings: Settings, own_engines: Engines
) -> None:
    async with simulate(settings) as simulation, aiohttp.ClientSession(simulation.url) as http:
        path = await link(simulation)
        await asyncio.to_thread(kill, own_engines.postgres_pid)
        for method in ("GET", "POST"):
            async with http.request(method, path) as response:
                assert (response.status, response.headers["Retry-After"]) == (503, "60")


async def test_page_answers_503_to_too_many_simultaneous_requests(
    simulation: Simulation, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "AT_ONCE", 0)
    async with http.get("/my-data/x") as response:
        assert response.status == 503


async def test_file_that_cannot_be_decrypted_looks_like_a_dead_link(
    simulation: Simulation, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await link(simulation)
    monkeypatch.setattr(simulation.runtime.stores.exports, "_keys", Keyring(["another-secret-key" * 2]))
    async with http.post(path) as response, http.get("/my-data/x") as dead:
        assert (response.status, await response.text()) == (410, await dead.text())


async def test_the_schema_of_the_file_is_published(http: aiohttp.ClientSession) -> None:
    async with http.get("/schemas/my-data-1.json") as response:
        assert response.content_type == "application/schema+json"
        published = json.loads(await response.read())
    jsonschema.Draft202012Validator.check_schema(published)
    assert published == schema()


async def test_page_answers_503_without_stores(settings: Settings) -> None:
    app = web.Application()
    app.add_routes(routes(settings, lambda: None))
    async with (
        listening(app, "127.0.0.1", 0) as port,
        aiohttp.request("GET", f"http://127.0.0.1:{port}/my-data/x") as answer,
    ):
        assert answer.status == 503

"""`/my-data/{secret}`: the page behind the link of MY DATA, and the file that it gives once; and the file's schema.

Looking at the page does not use the link up, since apps fetch links to preview them: only its button does. A link that
was used, has expired or never existed looks the same to everyone. The secret appears only in the address.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog
from aiohttp import web

from ..consent.rights import Right
from ..conversation.world import World
from ..errors import Unavailable
from ..i18n.bidi import right_to_left
from ..keys import Undecipherable
from ..service import metrics
from ..service.rights.file_names import file_name
from ..service.rights.links import Links
from ..service.rights.my_data import SCHEMA_PATH
from . import look

log = structlog.get_logger(__name__)

PATH = "/my-data/{secret}"

_SCHEMA = (Path(__file__).parent / SCHEMA_PATH.removeprefix("/")).read_bytes()

AT_ONCE = 16
"""Maximum requests at a time; further requests get 503, since the database has other work."""

_PRIVATE = look.headers("form-action 'self'")
"""Headers of every response here."""

_page = look.template("my_data.html.j2")


@dataclass(frozen=True, slots=True)
class Downloads:
    """What the page needs."""

    links: Links
    world: World


def my_data_routes(downloads: Callable[[], Downloads | None]) -> Iterable[web.RouteDef]:
    """Return the routes; while `downloads` gives None the page gets 503."""
    pages = _Pages(downloads)
    yield web.get(PATH, pages.show)
    yield web.post(PATH, pages.give)
    yield web.get(SCHEMA_PATH, _schema)


async def _schema(_: web.Request) -> web.Response:
    return web.Response(
        body=_SCHEMA,
        content_type="application/schema+json",
        headers={"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"},
    )


class _Pages:
    def __init__(self, downloads: Callable[[], Downloads | None]) -> None:
        self._downloads = downloads
        self._in_flight = 0

    async def show(self, request: web.Request) -> web.Response:
        """Show the button."""
        return await self._answered(request, self._shown)

    async def give(self, request: web.Request) -> web.Response:
        """Give the file."""
        return await self._answered(request, self._given)

    async def _answered(
        self, request: web.Request, answer: Callable[[Downloads, web.Request], Awaitable[tuple[web.Response, str]]]
    ) -> web.Response:
        downloads = self._downloads()
        if downloads is None or self._in_flight >= AT_ONCE:
            return self._later("busy" if downloads else "not_configured")
        self._in_flight += 1
        try:
            response, outcome = await answer(downloads, request)
        except Unavailable as error:
            log.warning("store_unavailable", worker="web", reason=str(error), cure=error.cure)
            return self._later("unavailable")
        except Undecipherable:
            log.error("export_undecipherable", cure="put the SECRET_KEY that it was made with back on the list")
            response, outcome = _gone(downloads.world, request), "undecipherable"
        finally:
            self._in_flight -= 1
        metrics.DOWNLOADS.labels(outcome).inc()
        return response

    @staticmethod
    def _later(outcome: str) -> web.Response:
        metrics.DOWNLOADS.labels(outcome).inc()
        return web.Response(
            status=503, text="Please try again in a minute.\n", headers={**_PRIVATE, "Retry-After": "60"}
        )

    @staticmethod
    async def _shown(downloads: Downloads, request: web.Request) -> tuple[web.Response, str]:
        language = await downloads.links.language(request.match_info["secret"])
        if language is None:
            return _gone(downloads.world, request), "gone"
        return _written(downloads.world, language or look.wished(downloads.world, request), "once", 200), "shown"

    @staticmethod
    async def _given(downloads: Downloads, request: web.Request) -> tuple[web.Response, str]:
        secret = request.match_info["secret"]
        language = await downloads.links.language(secret)
        file = await downloads.links.fetch(secret)
        if file is None:
            return _gone(downloads.world, request), "gone"
        spoken = language or look.wished(downloads.world, request)
        name = file_name(downloads.world, Right.ACCESS, spoken, "json")
        disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        response = web.Response(body=file, content_type="application/json", headers=_PRIVATE | disposition)
        return response, "given"


def _gone(world: World, request: web.Request) -> web.Response:
    return _written(world, look.wished(world, request), "gone", 410)


def _written(world: World, language: str, text: str, status: int) -> web.Response:
    """Render the page; only `once` shows the button."""
    locale, said = look.said(world, language, ("data_title", "once", "download", "gone"))
    page = _page.render(
        locale=locale,
        rtl=right_to_left(locale),
        style=look.STYLE,
        title=said["data_title"],
        text=said[text],
        button=said["download"] if text == "once" else "",
    )
    return web.Response(status=status, text=page, content_type="text/html", headers=_PRIVATE)

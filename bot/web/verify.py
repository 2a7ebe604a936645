"""`/verify`: a page that checks a receipt on the reader's own device, and the program that does the same.

The page knows nobody. Its script may neither load nor send anything, and runs without a network once it is open.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from ..consent import verifier
from ..conversation.world import World
from ..i18n.bidi import right_to_left
from . import look

PATH = "/verify"

_TEXTS = ("verify_title", "verify_how", "verify_choose", "verify_holds", "verify_fails", "verify_older")
_SCRIPT = (look.PAGES / "verify.js").read_text("utf-8")
_PROGRAM = Path(verifier.__file__).read_bytes()
_HEADERS = look.headers(f"script-src {look.source_hash(_SCRIPT)}")

_page = look.template("verify.html.j2")


@dataclass(frozen=True, slots=True)
class Verifying:
    """What the page needs."""

    world: World
    public_keys: Sequence[bytes]
    """The keys that checkpoints are or were signed with."""


def verify_routes(verifying: Callable[[], Verifying | None]) -> Iterable[web.RouteDef]:
    """Return the routes; while `verifying` gives None the page gets 503."""

    async def show(request: web.Request) -> web.Response:
        known = verifying()
        if known is None:
            return web.Response(status=503, text="Please try again in a minute.\n", headers={"Retry-After": "60"})
        return _shown(known, request)

    yield web.get(PATH, show)
    yield web.get(f"{PATH}/verify.py", _program)


def _shown(known: Verifying, request: web.Request) -> web.Response:
    locale, said = look.said(known.world, look.wished(known.world, request), _TEXTS)
    page = _page.render(
        locale=locale,
        rtl=right_to_left(locale),
        style=look.STYLE,
        script=_SCRIPT,
        keys=[key.hex() for key in known.public_keys],
        said=said,
    )
    return web.Response(text=page, content_type="text/html", headers=_HEADERS)


async def _program(_: web.Request) -> web.Response:
    return web.Response(
        body=_PROGRAM,
        content_type="text/x-python",
        headers={"Content-Disposition": 'attachment; filename="verify.py"', "X-Content-Type-Options": "nosniff"},
    )

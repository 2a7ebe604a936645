"""What our pages for customers have in common: how they look, which headers guard them, and their language."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import jinja2
from aiohttp import web
from babel import negotiate_locale

from ..conversation.compose import DOCUMENT
from ..conversation.world import World

PAGES = Path(__file__).parent / "pages"

STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;background:#f4f4f2;color:#1c1c1a}"
    "main{max-width:32rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:1rem}"
    "h1{font-size:1.4rem;margin-top:0}"
    "button,.button{font:inherit;font-weight:600;padding:.8rem 1.6rem;border:0;border-radius:.6rem}"
    "button,.button{background:#06603a;color:#fff;cursor:pointer}"
    ".button{display:inline-block}"
    ".button input{position:absolute;opacity:0;width:1px;height:1px}"
    "button:focus-visible,.button:focus-within{outline:3px solid #f5b700}"
    ".holds{color:#06603a;font-weight:600}"
    ".fails,.older{color:#a3160f;font-weight:600}"
)


def headers(policy: str) -> dict[str, str]:
    """Return the headers of a page; `policy` is what its Content-Security-Policy allows besides the style."""
    return {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": f"default-src 'none'; style-src {source_hash(STYLE)}; {policy}; "
        "frame-ancestors 'none'; base-uri 'none'",
    }


def source_hash(source: str) -> str:
    """Return the name of an inline style or script in a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def template(name: str) -> jinja2.Template:
    """Return the template of a page."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined
    ).get_template(name)


def wished(world: World, request: web.Request) -> str:
    """Return the language that the browser asks for, if it is offered: the person is not known here."""
    languages = [part.partition(";")[0].strip() for part in request.headers.get("Accept-Language", "").split(",")[:10]]
    return negotiate_locale(languages, world.texts.offered, sep="-") or world.business.default_locale


def said(world: World, language: str, names: Iterable[str]) -> tuple[str, Mapping[str, str]]:
    """Return the texts of a page by their names in flow `document`, and their language, one for all."""
    ids = {name: f"{DOCUMENT}.{name}" for name in names}
    locale = world.texts.locale_for(list(ids.values()), language)
    values = world.language(locale).values
    return locale, {name: world.texts.render(text_id, locale, values) for name, text_id in ids.items()}

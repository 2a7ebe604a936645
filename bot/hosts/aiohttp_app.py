"""Runs consentbot inside an aiohttp program: our routes beside its own, our work in its event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from ..app import channels
from ..app.operators import Operators, operators
from ..app.processes import working
from ..app.routes import routes
from ..app.runtime import Runtime, has_stores, open_runtime
from ..app.use_cases import HostedBot
from ..conversation.functions import Functions
from ..environment import ENV_FILE
from ..service.ports import Host
from ..settings import Settings, load_settings

OPERATORS = web.AppKey("consentbot", Operators)
"""Key of a started application's use cases for operators, e.g. to look at a person's consents (recorded)."""

_RUNTIME = web.AppKey("consentbot_runtime", Runtime)


def setup(
    app: web.Application,
    settings: Settings | None = None,
    *,
    host: Host | None = None,
    purpose: str | None = None,
    typing: bool = False,
    work: bool = True,
    functions: Functions | None = None,
) -> None:
    """Put consentbot in front of a bot: call it before the application starts.

    `host` gets each message that no dialogue of ours claims, also from persons who agreed to nothing or said no: what a
    person asks may always be answered (GDPR Art. 7(4)). With a `purpose` (an id of `business.toml`) it gets only the
    messages of persons whose consent to that stands, and its replies are sent only while it does. With `typing`, people
    see that an answer is being typed. `work=False` only takes webhooks; then `consentbot worker` must run elsewhere,
    and there is no host. `functions` are your own guards and effects, which flows in your folder name
    (docs/flows-reference.md). Without `settings`, they are read from the environment. Raises `SettingsError`, and
    `ValueError` for arguments that do not go together; whatever else an operator can cure is an
    `errors.OperatorError` at the start.
    """
    settings = load_settings(ENV_FILE, channels.models()) if settings is None else settings
    if host is None and purpose is not None:
        raise ValueError("purpose is for the messages of a host: name the host, or leave out the purpose")
    if host is not None and not work:
        raise ValueError("a host is served by the worker: leave work=True")
    hosted = HostedBot(host, purpose, typing) if host is not None else None
    app.add_routes(routes(settings, lambda: app.get(_RUNTIME)))
    app.cleanup_ctx.append(_running(settings, hosted, functions, work=work))


def _running(
    settings: Settings, hosted: HostedBot | None, functions: Functions | None, *, work: bool
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(app: web.Application) -> AsyncIterator[None]:
        if not has_stores(settings):
            yield
            return
        async with open_runtime(settings, hosted, functions=functions) as runtime:
            app[_RUNTIME] = runtime
            app[OPERATORS] = operators(runtime)
            if not work:
                yield
                return
            async with working(runtime, asyncio.Event()):
                yield

    return run

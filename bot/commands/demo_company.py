"""The company's part of `demo`: an opt-in and messages by API, what the gate says, and events as they arrive."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from rich.console import Console

from ..app.operators import Operators
from ..app.processes import answering, bound
from ..app.simulation import Simulation
from ..service.ports import Scope
from .talk import Talk

_EVENTS_PATIENCE = 10.0
"""Seconds in which the last event must have arrived."""


async def play_company(simulation: Simulation, operators: Operators, talk: Talk, console: Console) -> None:
    """Play what a company's own program does, with the person of `talk`."""
    async with _company(simulation, operators, console) as company:
        address = talk.person.who.phone
        console.print("[bold]The company's program passes on an opt-in from a web form; the bot asks for a yes.[/]")
        console.print("(→ what the program calls, ← what it gets back, ⚑ events that it is told of.)", style="dim")
        asked = {"address": address, "purposes": ["order_updates"], "method": "web_form", "reference": "form 2026-11"}
        await company.call("/opt-ins", asked)
        talk.show_news()
        console.print("[bold]The customer taps the first button: yes, to order updates.[/]")
        await talk.do("/1")
        console.print("[bold]Now it may write about orders, and about nothing else.[/]")
        await company.call("/messages", _message(address, "order_updates", "Your roses are on their way."))
        talk.show_news()
        await company.call("/messages", _message(address, "offers", "Tulips at half price!"))
        console.print("[bold]STOP is in force at once: the next message is refused.[/]")
        await talk.play(["STOP"])
        await company.call("/messages", _message(address, "order_updates", "Your roses have arrived."))
        await company.told("message.refused", 2)


def _message(address: str | None, purpose: str, text: str) -> Mapping[str, Any]:
    return {"to": address, "purpose": purpose, "text": text}


class _Company:
    """A program of the company, which calls the API and is told of events."""

    def __init__(self, simulation: Simulation, http: aiohttp.ClientSession, console: Console) -> None:
        self._simulation = simulation
        self._http = http
        self._console = console
        self._told: list[str] = []
        self._arrived = asyncio.Event()

    async def call(self, path: str, body: Mapping[str, Any]) -> None:
        """Call the API, show the call and its answer, and wait until everything that it led to is done."""
        shown = " ".join(f"{name}={value!r}" for name, value in body.items())
        self._console.print(f"→ POST /api/v1{path}  {shown}", style="magenta", markup=False)
        async with self._http.post(f"/api/v1{path}", json=body) as response:
            answer = await response.json(content_type=None)
        said = answer.get("status") if response.ok else f"{answer['reason']}: {answer['detail']}"
        self._console.print(f"← {response.status} {said}", style="magenta" if response.ok else "red", markup=False)
        await self._simulation.settled()

    async def take(self, request: web.Request) -> web.Response:
        """Take an event and show it."""
        event = await request.json()
        about = " ".join(str(event["data"][name]) for name in ("purpose", "reason") if event["data"].get(name))
        self._console.print(f"  ⚑ {event['type']} {about}", style="yellow", markup=False)
        self._told.append(event["type"])
        self._arrived.set()
        return web.Response(status=204)

    async def told(self, type: str, times: int) -> None:
        """Wait until events of a type were told so many times. Raises `TimeoutError`."""
        async with asyncio.timeout(_EVENTS_PATIENCE):
            while self._told.count(type) < times:
                self._arrived.clear()
                await self._arrived.wait()


@asynccontextmanager
async def _company(simulation: Simulation, operators: Operators, console: Console) -> AsyncIterator[_Company]:
    """Make a token and an endpoint, both for this demo only."""
    async with AsyncExitStack() as stack:
        token, secret = await operators.tokens.create("demo", [Scope.OPT_IN, Scope.SEND])
        stack.push_async_callback(operators.tokens.revoke, token.id)
        headers = {"Authorization": f"Bearer {secret}"}
        http = await stack.enter_async_context(aiohttp.ClientSession(simulation.url, headers=headers))
        company = _Company(simulation, http, console)
        app = web.Application()
        app.router.add_post("/events", company.take)
        waiting = stack.enter_context(bound("127.0.0.1", 0))
        await stack.enter_async_context(answering(app, waiting))
        endpoint = await operators.endpoints.add(f"http://127.0.0.1:{waiting.getsockname()[1]}/events")
        stack.push_async_callback(operators.endpoints.remove, endpoint.id)
        yield company

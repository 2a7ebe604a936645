"""`chat --host module:function`: a company's own bot behind the chat."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from ..app.use_cases import HostedBot
from ..business import Business
from ..messages.inbound import Inbound
from ..messages.reply import Reply
from ..own_code import module_of
from ..service.ports import Host, Person
from .running import fail


def hosted(name: str, purpose: str, business: Business, console: Console) -> HostedBot:
    """Return the bot that `module:function` names. Raises `OperatorError`.

    `purpose` is whose consent its messages need; empty: they need none.
    """
    purposes = [known.id for known in business.purposes]
    if purpose and purpose not in purposes:
        fail(f"--purpose {purpose}: no purpose of business.toml; use one of {', '.join(purposes)}")
    return HostedBot(_shown(name, _imported(name), console), purpose or None)


def _imported(name: str) -> Host:
    try:
        module, function_name = module_of(name, Path.cwd())
    except ValueError as error:
        fail(f"--host {name}: {error}")
    function: Any = getattr(module, function_name, None)
    if not inspect.iscoroutinefunction(function):
        offered = [found for found, value in vars(module).items() if inspect.iscoroutinefunction(value)]
        cure = f"it has {', '.join(offered)}" if offered else "write `async def`"
        fail(f"--host {name}: {module.__name__} has no async function {function_name}; {cure}")
    host: Host = function
    return host


def _shown(name: str, host: Host, console: Console) -> Host:
    """Return a host that tells what it gets, and shows its author why it failed."""

    async def told(inbound: Inbound, person: Person) -> Sequence[Reply] | None:
        console.print(f"(handed to {name})", style="dim", markup=False)
        try:
            answer = await host(inbound, person)
        except Exception:
            console.print_exception()
            console.print("Your bot raised: in production it gets the message twice more, then it is a dead letter.")
            return None
        if wrong := _no_answer(answer):
            console.print(f"Your bot returned {wrong}: return a list of Reply, or None.", style="red", markup=False)
            return None
        return answer

    return told


def _no_answer(answer: object) -> str:
    """Return what is wrong with a host's answer; empty if it can be sent."""
    if answer is None:
        return ""
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
        return f"a {type(answer).__name__}"
    return next((f"a list with a {type(reply).__name__}" for reply in answer if not isinstance(reply, Reply)), "")

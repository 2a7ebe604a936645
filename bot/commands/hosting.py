"""`chat --host module:function`: a company's own bot behind the chat."""

import importlib
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from ..app.use_cases import HostedBot
from ..business import Business
from ..messages.inbound import Inbound
from ..messages.reply import Reply
from ..service.ports import Consenter, Host
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
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name.isidentifier():
        fail(f"--host {name}: not a function; write module:function, such as mybot:answer")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # the command `consentbot` does not look there, unlike `python -m`
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        fail(f"--host {name}: there is no module {error.name}; run this where it can be imported")
    function: Any = getattr(module, function_name, None)
    if not inspect.iscoroutinefunction(function):
        offered = [found for found, value in vars(module).items() if inspect.iscoroutinefunction(value)]
        cure = f"it has {', '.join(offered)}" if offered else "write `async def`"
        fail(f"--host {name}: {module_name} has no async function {function_name}; {cure}")
    host: Host = function
    return host


def _shown(name: str, host: Host, console: Console) -> Host:
    """Return a host that tells what it gets, and shows its author why it failed."""

    async def told(inbound: Inbound, person: Consenter) -> Sequence[Reply] | None:
        console.print(f"(handed to {name})", style="dim", markup=False)
        try:
            return await host(inbound, person)
        except Exception:
            console.print_exception()
            console.print("Your bot raised: in production it gets the message twice more, then it is a dead letter.")
            return None

    return told

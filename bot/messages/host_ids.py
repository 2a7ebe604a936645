"""Keeps the ids of a host's buttons apart from ours, so that a tap on them never means what our buttons mean.

`service` marks the ids and takes the mark off again; `conversation` recognises it.
"""

from typing import TypeVar

import msgspec

from .inbound import Choice, Inbound
from .reply import Button, Reply, Row

PREFIX = "host:"

ButtonOrRow = TypeVar("ButtonOrRow", Button, Row)


def is_hosts(id: str) -> bool:
    """Whether the button or row with this id was sent by the host."""
    return id.startswith(PREFIX)


def outgoing(reply: Reply) -> Reply:
    """Return a host's reply with the ids under which WhatsApp knows its buttons and rows."""
    template = reply.template
    if template is not None:
        payloads = tuple(PREFIX + payload for payload in template.payloads)
        template = msgspec.structs.replace(template, payloads=payloads)
    buttons, rows = _marked(reply.buttons), _marked(reply.rows)
    return msgspec.structs.replace(reply, buttons=buttons, rows=rows, template=template)


def incoming(inbound: Inbound) -> Inbound:
    """Return a message as the host sees it: a tap has the id that the host gave its button."""
    match inbound.content:
        case Choice(id, title) if is_hosts(id):
            return msgspec.structs.replace(inbound, content=Choice(id.removeprefix(PREFIX), title))
    return inbound


def _marked(options: tuple[ButtonOrRow, ...]) -> tuple[ButtonOrRow, ...]:
    return tuple(msgspec.structs.replace(option, id=PREFIX + option.id) for option in options)

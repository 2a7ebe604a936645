"""Makes what goes out. Nothing else makes an `Outbound`, so each has a basis and knows until when it may be sent."""

import msgspec

from ...messages.basis import Basis
from ...messages.inbound import Sender
from ...messages.reply import Outbound, Reply
from ..ports import PersonId
from .gate import NEVER

WINDOW = 24 * 3600
"""Seconds after a person's message in which anything may be sent to them. Meta: messages/send-messages."""


def is_open(wrote_at: int, now: float) -> bool:
    """Whether anything may still be sent to somebody who wrote then; later only templates may."""
    return now <= wrote_at + WINDOW


def outbound(
    reply: Reply,
    basis: Basis,
    *,
    id: str,
    person: PersonId,
    to: Sender,
    wrote_at: int,
    seen: int = NEVER,
    notice: str = "",
    held: bool = False,
) -> Outbound:
    """Return a message to a person who last wrote at `wrote_at` (WhatsApp's time, unix seconds; 0: never).

    `seen` is the person's last ledger entry when the gate let the basis pass, and `notice` the privacy notice then;
    without them it looks anew before the message leaves. `held`: somebody else holds the chat, such as Meta's agent.
    """
    if reply.purpose or reply.question:  # the basis says it
        reply = msgspec.structs.replace(reply, purpose="", question="")
    return Outbound(
        id=id,
        person=person,
        phone=to.phone,
        bsuid=to.bsuid,
        reply=reply,
        basis=basis,
        window_ends=wrote_at + WINDOW if wrote_at else 0,
        ledger_seq=seen,
        notice=notice,
        held=held,
    )

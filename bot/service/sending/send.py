"""The one door for sending: makes what goes out, and queues it. Whatever is sent has passed here, and has a basis.

What is queued is judged by the gate here, and again right before it leaves (`deliver`). Past the outbox goes only what
confirms an erasure.
"""

import time
from collections.abc import Callable, Sequence

import msgspec

from ...business import Business
from ...consent.lifecycle import Record
from ...messages import host_ids
from ...messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose
from ...messages.inbound import Sender
from ...messages.reply import Outbound, Reply
from ..ports import Assigned, Channel, Commit, HandedOver, Outbox, PersonId, Sessions
from .gate import NEVER, WINDOW, Look, Reason, passes_at, withheld


class Send:
    """Sends for one shard."""

    def __init__(
        self, *, business: Business, sessions: Sessions, outbox: Outbox, clock: Callable[[], float] = time.time
    ) -> None:
        self._business = business
        self._sessions = sessions
        self._outbox = outbox
        self._clock = clock

    # --- what is made

    def said(
        self,
        replies: Sequence[Reply],
        *,
        name: str,
        person: PersonId,
        to: Sender,
        wrote_at: int,
        record: Record,
        ends_consent: bool,
        held: bool,
    ) -> list[Outbound]:
        """Return what a step of a dialogue says, to be committed with it.

        `name` is the step's own, `record` what the ledger says after it; `ends_consent`: whether it ended any.
        """
        made = []
        for number, reply in enumerate(replies):
            basis = _basis(reply, record, ends_consent)
            seen = passes_at(basis, record, self._clock(), self._business)
            id = f"{name}.{number}"
            made.append(outbound(reply, basis, id=id, person=person, to=to, wrote_at=wrote_at, seen=seen, held=held))
        return made

    def answers(
        self, replies: Sequence[Reply], assigned: Assigned, *, name: str, request: str = ""
    ) -> Sequence[Outbound]:
        """Return what answers somebody's request about their data; if one reaches nobody, `request` is open again."""
        return [
            outbound(
                reply,
                ByLaw(Duty.REQUEST),
                id=f"{name}.t{number}",
                person=assigned.person,
                to=assigned.sender,
                wrote_at=assigned.at,
                seen=assigned.ledger_seq,
                request=request,
            )
            for number, reply in enumerate(replies)
        ]

    # --- what is queued

    async def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Finish steps and queue what they say; False for a person whose session changed meanwhile."""
        return await self._sessions.commit(commits)

    async def answer_task(self, entry_id: bytes, answers: Sequence[Outbound]) -> None:
        """Finish a task and queue what its person is told."""
        await self._outbox.answer_task(entry_id, answers)

    async def answer_for_host(
        self, entry_id: bytes, handed: HandedOver, replies: Sequence[Reply], purpose: ForPurpose
    ) -> None:
        """Finish a message that the host's bot had and queue its replies.

        Each serves the purpose that it names, which only the gate believes, or else the host's own `purpose`, for
        which the message was let pass.
        """
        made = []
        for number, reply in enumerate(replies):
            basis = ForPurpose(reply.purpose) if reply.purpose else purpose
            made.append(
                outbound(
                    host_ids.outgoing(reply),
                    basis,
                    id=f"host {entry_id.decode()}.{number}",
                    person=handed.person,
                    to=handed.inbound.sender,
                    wrote_at=handed.inbound.at,
                    seen=handed.ledger_seq if basis == purpose else NEVER,
                    notice=handed.notice,
                )
            )
        await self._outbox.hand_back(entry_id, made)

    # --- what is sent at once

    async def tell_erasure(self, channel: Channel, reply: Reply, assigned: Assigned) -> Reason | None:
        """Tell somebody that they were erased, past the outbox: nothing of them may lie there any more.

        Returns why it may not be sent. Raises `SendError`.
        """
        told = outbound(
            reply,
            ByLaw(Duty.ERASURE),
            id="",
            person=assigned.person,
            to=assigned.sender,
            wrote_at=assigned.at,
        )
        reason = withheld(told, Look.ERASED, self._clock(), self._business)
        if reason is None:
            await channel.send(told)
        return reason


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
    request: str = "",
) -> Outbound:
    """Return a message to a person who last wrote at `wrote_at` (WhatsApp's time, unix seconds; 0: never).

    `seen` is the person's last ledger entry when the gate let the basis pass, and `notice` the privacy notice then;
    without them it looks anew before the message leaves. `held`: somebody else holds the chat, such as Meta's agent.
    `request` is what it answers.
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
        request=request,
    )


def _basis(reply: Reply, record: Record, ends_consent: bool) -> Basis:
    """Return why a reply of ours may be sent. All that our dialogues say is about consent and the person's rights."""
    if reply.question:
        return AsksConsent(reply.question)
    if ends_consent:
        return ByLaw(Duty.OPT_OUT)
    return ByLaw(Duty.INFORM) if record.restricted else Answer()

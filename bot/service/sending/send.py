"""The only module that makes and queues outgoing messages: everything that is sent passes here and has a basis.

The gate judges a message here, and again right before it leaves (`deliver`). Only the confirmation of an erasure
bypasses the outbox.
"""

import time
from collections.abc import Callable, Sequence

import msgspec

from ...business import Business
from ...consent.lifecycle import Record
from ...messages import host_ids
from ...messages.basis import Answer, AsksConsent, Basis, ByLaw, Duty, ForPurpose, HostBasis
from ...messages.inbound import Sender
from ...messages.reply import Outbound, Reply
from ..ports import Assigned, Channels, Commit, HandedOver, Outbox, PersonId, Sessions
from .gate import NEVER, WINDOW, NoRecord, passes_at, withheld
from .reasons import Refuse


class Send:
    """Sends for one shard."""

    def __init__(
        self, *, business: Business, sessions: Sessions, outbox: Outbox, clock: Callable[[], float] = time.time
    ) -> None:
        self._business = business
        self._sessions = sessions
        self._outbox = outbox
        self._clock = clock

    # --- making messages

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
        answers: bool,
        held: bool,
        channel: str,
    ) -> list[Outbound]:
        """Return the messages of a dialogue's step, to be committed with it.

        `name` identifies the step, `record` is the record after it; `ends_consent`: whether the step ended any consent;
        `answers`: whether it answers the person, and not a wish of the company.
        """
        made = []
        for number, reply in enumerate(replies):
            basis = _basis(reply, record, ends_consent, answers)
            seen = passes_at(basis, to, record, self._clock(), self._business)
            id = f"{name}.{number}"
            made.append(
                outbound(
                    reply,
                    basis,
                    id=id,
                    person=person,
                    to=to,
                    wrote_at=wrote_at,
                    seen=seen,
                    held=held,
                    channel=channel,
                )
            )
        return made

    def answers(
        self, replies: Sequence[Reply], assigned: Assigned, *, name: str, request: str = ""
    ) -> Sequence[Outbound]:
        """Return the answers to a person's request about their data; if any reaches nobody, `request` is reopened."""
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
                channel=assigned.channel,
            )
            for number, reply in enumerate(replies)
        ]

    def of_operators(
        self, reply: Reply, *, id: str, person: PersonId, to: Sender, wrote_at: int, request: str, channel: str
    ) -> Outbound:
        """Return what an operator answers to a person's request; if it reaches nobody, `request` is reopened.

        The gate looks again before it leaves, since the person may be erased meanwhile.
        """
        return outbound(
            reply,
            ByLaw(Duty.REQUEST),
            id=id,
            person=person,
            to=to,
            wrote_at=wrote_at,
            request=request,
            channel=channel,
        )

    # --- queueing

    async def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Finish steps and queue their messages; False for a person whose session changed meanwhile."""
        return await self._sessions.commit(commits)

    async def answer_task(self, entry_id: bytes, answers: Sequence[Outbound]) -> None:
        """Finish a task and queue its answers."""
        await self._outbox.answer_task(entry_id, answers)

    async def answer_for_host(
        self, entry_id: bytes, handed: HandedOver, replies: Sequence[Reply], usual: HostBasis
    ) -> None:
        """Finish a message that was handed to the host's bot and queue the bot's replies.

        Each reply serves the purpose that it names, which the gate verifies, or else rests on what the host's replies
        `usual`ly do. An answer is looked at again before it leaves: the person may restrict the use of their data.
        """
        made = []
        for number, reply in enumerate(replies):
            basis = ForPurpose(reply.purpose, answers=True) if reply.purpose else usual
            made.append(
                outbound(
                    host_ids.outgoing(reply),
                    basis,
                    id=f"host {entry_id.decode()}.{number}",
                    person=handed.person,
                    to=handed.inbound.sender,
                    wrote_at=handed.inbound.at,
                    seen=handed.ledger_seq if basis == usual and isinstance(basis, ForPurpose) else NEVER,
                    notice=handed.notice,
                    channel=handed.inbound.channel,
                )
            )
        await self._outbox.hand_back(entry_id, made)

    def of_the_company(
        self,
        reply: Reply,
        basis: Basis,
        *,
        id: str,
        person: PersonId,
        to: Sender,
        wrote_at: int,
        seen: int,
        repeated: bool,
        channel: str,
    ) -> Outbound:
        """Return a message that the company wants to send, and that the gate let pass at ledger entry `seen`.

        `id`: under which the company follows it; `wrote_at`: when the person last wrote, unix seconds. `repeated`: it
        may have been queued before, so it may have left. An answer is looked at again before it leaves: the person may
        restrict the use of their data meanwhile.
        """
        made = outbound(
            reply,
            basis,
            id=id,
            person=person,
            to=to,
            wrote_at=wrote_at,
            seen=NEVER if isinstance(basis, Answer) else seen,
            notice=self._business.notice.version,
            message=id,
            channel=channel,
        )
        return msgspec.structs.replace(made, doubtful=True) if repeated else made

    async def queue(self, message: Outbound) -> None:
        """Queue a message of the company or its operators; one with the same id is queued only once.

        Raises `Unavailable`.
        """
        await self._outbox.queue(message)

    # --- sending at once

    async def tell_erasure(self, channel: Channels, reply: Reply, assigned: Assigned) -> Refuse | None:
        """Tell a person that they were erased, bypassing the outbox, which may no longer hold anything about them.

        Returns why, if that may not be sent. Raises `SendError`.
        """
        told = outbound(
            reply,
            ByLaw(Duty.ERASURE),
            id="",
            person=assigned.person,
            to=assigned.sender,
            wrote_at=assigned.at,
            channel=assigned.channel,
        )
        refuse = withheld(told, NoRecord.ERASED, self._clock(), self._business)
        if refuse is None:
            await channel.send(told)
        return refuse


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
    message: str = "",
    channel: str,
) -> Outbound:
    """Return a message to a person who last wrote at `wrote_at` (WhatsApp's time, unix seconds; 0: never).

    `seen` is the person's last ledger entry when the gate let the basis pass, and `notice` the privacy notice then;
    without them the gate looks again before the message leaves. `held`: somebody else, such as Meta's agent, holds the
    chat. `request`: the request that it answers; `message`: the id under which the company follows it; `channel`: name
    of the channel on which they wrote.
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
        message=message,
        channel=channel,
    )


def _basis(reply: Reply, record: Record, ends_consent: bool, answers: bool) -> Basis:
    """Return the basis of our own reply. Everything our dialogues say is about consent and the person's rights."""
    if reply.question:
        about = record.pending.purpose if record.pending and not answers else ""
        return AsksConsent(reply.question, about)
    if ends_consent:
        return ByLaw(Duty.OPT_OUT)
    return ByLaw(Duty.INFORM) if record.restricted else Answer()

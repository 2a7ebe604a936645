"""Builds the use cases of a process from its stores, channels and dialogues, all with the same clock."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from ..business import Business
from ..consent.deadlines import Calendar
from ..consent.retention import RuleName, policy
from ..conversation.compose import way_out
from ..conversation.dialogue import Dialogue
from ..conversation.templates import TemplateBook
from ..documents import Documents
from ..messages.basis import Answer, ForPurpose, HostBasis
from ..service.company.calls import Repeatable
from ..service.company.contacts import Contacts
from ..service.company.messages import Messages
from ..service.company.opt_ins import OptIns
from ..service.company.strangers import Strangers
from ..service.company.templated import Templated
from ..service.conversations import StaffConversations
from ..service.events.deliver import DeliverEvents
from ..service.hand_over import HandOver
from ..service.incoming.cases import Cases
from ..service.incoming.claims import Claims
from ..service.incoming.converse import Converse, Shard
from ..service.incoming.receive import Receive
from ..service.incoming.staff import Staff
from ..service.incoming.statuses import Statuses
from ..service.ports import Channels, DataHolder, Host, Post, Webhooks
from ..service.retention import Retention
from ..service.rights.due import TellDue
from ..service.rights.erase import Erase
from ..service.rights.fulfil import Fulfil
from ..service.rights.links import Links
from ..service.rights.media import UploadedFiles
from ..service.rights.rights import Rights
from ..service.sending.deliver import Deliver
from ..service.sending.halting import Halting
from ..service.sending.send import Send
from ..service.sending.templates import Templates
from ..service.sending.undelivered import Undelivered
from ..service.sending.window import Window
from .stores import ShardStores, Stores


@dataclass(frozen=True, slots=True)
class HostedBot:
    """A host's bot that we stand in front of, and what its messages need."""

    host: Host
    purpose: str | None = None
    """The purpose whose consent they need; None: they answer what a person asked, which needs none."""
    typing: bool = False
    """Whether the person sees that an answer is being typed while the host thinks."""

    @property
    def basis(self) -> HostBasis:
        """What its replies rest on."""
        return Answer() if self.purpose is None else ForPurpose(self.purpose, answers=True)


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """What the use cases of a process are built from; most methods build a use case."""

    stores: Stores
    dialogue: Dialogue
    channel: Channels | None
    """Sends messages; None while a setting that it needs is missing."""
    post: Post
    """Posts events to the company's own systems."""
    base_url: str = ""
    clock: Callable[[], float] = time.time

    @property
    def _business(self) -> Business:
        return self.dialogue.world.business

    @property
    def sender(self) -> Channels:
        """What sends messages. Raises `RuntimeError` while a setting that it needs is missing."""
        if self.channel is None:
            raise RuntimeError("no channel is set up")
        return self.channel

    # --- incoming

    def receive(self, webhooks: Mapping[str, Webhooks]) -> Receive:
        """Build what stores the webhooks of channels, given by name."""
        return Receive(
            webhooks=webhooks,
            inboxes=[shard.inbox for shard in self.stores.shards],
            dead=self.stores.shards[0].dead,
            templates=self.stores.templates,
            keys=self.stores.keys,
            claims=Claims(self.dialogue.world.keywords),
            clock=self.clock,
        )

    def converse(self, shard: ShardStores, *, urgent: bool) -> Converse:
        """Build what answers a lane of a shard."""
        stores = self.stores
        answered = Shard(
            number=shard.number,
            inbox=shard.urgent if urgent else shard.events,
            inboxes=[any_shard.inbox for any_shard in stores.shards],
            all_sessions=[any_shard.sessions for any_shard in stores.shards],
            outbox=shard.outbox,
            dead=shard.dead,
            urgent=urgent,
        )
        return Converse(
            dialogue=self.dialogue,
            shard=answered,
            cases=self._cases(shard),
            statuses=self._statuses(shard),
            staff=Staff(stores.persons, stores.ledger, stores.erasures),
            send=self.send(shard, urgent=urgent),
            persons=stores.persons,
            ledger=stores.ledger,
            keys=stores.keys,
            clock=self.clock,
        )

    def _cases(self, shard: ShardStores) -> Cases:
        return Cases(
            persons=self.stores.persons,
            ledger=self.stores.ledger,
            suppressions=self.stores.erasures,
            conversations=self.stores.conversations if self._business.human.chat else None,
            purposes=[purpose.id for purpose in self._business.purposes],
            sessions=shard.sessions,
            keys=self.stores.keys,
            opens=self.dialogue.opens_a_record,
            clock=self.clock,
        )

    def _statuses(self, shard: ShardStores) -> Statuses:
        return Statuses(
            shard=shard.number,
            inboxes=[any_shard.inbox for any_shard in self.stores.shards],
            outbox=shard.outbox,
            persons=self.stores.persons,
            undelivered=self._undelivered(shard),
            events=self.stores.company_messages,
            keys=self.stores.keys,
            failure=self.sender.failure,
            clock=self.clock,
        )

    # --- sending

    def send(self, shard: ShardStores, *, urgent: bool = False) -> Send:
        """Build what queues messages in a shard."""
        return Send(
            business=self._business,
            sessions=shard.urgent_sessions if urgent else shard.sessions,
            outbox=shard.outbox,
            clock=self.clock,
        )

    def deliver(self, shard: ShardStores, halting: Halting, *, most: int) -> Deliver:
        """Build what sends a shard's messages, at most `most` at a time; all shards share `halting`."""
        return Deliver(
            queue=shard.messages,
            outbox=shard.outbox,
            ledger=self.stores.ledger,
            sendings=self.stores.sendings,
            channel=self.sender,
            throttle=self.stores.throttle,
            inbox=shard.inbox,
            dead=shard.dead,
            undelivered=self._undelivered(shard),
            events=self.stores.company_messages,
            business=self._business,
            keys=self.stores.keys,
            halting=halting,
            most=most,
            clock=self.clock,
        )

    def _undelivered(self, shard: ShardStores) -> Undelivered:
        return Undelivered(shard.inbox, self.stores.requests, self.clock)

    @cached_property
    def template_book(self) -> TemplateBook:
        """What the business may say first, in all languages."""
        return TemplateBook(self.dialogue.world, self.dialogue.flows, self.dialogue.world.known)

    @cached_property
    def templates(self) -> Templates:
        """What picks the template to be sent; it remembers for a while what the table says."""
        return Templates(self.template_book, self.stores.templates, self.clock)

    @cached_property
    def staff_conversations(self) -> StaffConversations:
        """What takes messages to the company's staff."""
        sessions = [shard.sessions for shard in self.stores.shards]
        chat, keys = self._business.human.chat, self.stores.keys
        return StaffConversations(self.stores.conversations, sessions, chat, keys, self.clock)

    def hand_over(self, shard: ShardStores, hosted: HostedBot | None) -> HandOver:
        """Build what takes a shard's messages to the host's bot and to the staff."""
        return HandOver(
            host=hosted.host if hosted else None,
            basis=hosted.basis if hosted else Answer(),
            inbox=shard.inbox,
            staff=self.staff_conversations,
            queue=shard.handover,
            send=self.send(shard),
            ledger=self.stores.ledger,
            dead=shard.dead,
            business=self._business,
            channel=self.sender if hosted and hosted.typing else None,
            clock=self.clock,
        )

    # --- the company

    @cached_property
    def contacts(self) -> Contacts:
        """What looks up whom the company wants to write to."""
        sessions = [shard.sessions for shard in self.stores.shards]
        return Contacts(self.stores.persons, Window(sessions, self.stores.keys))

    @cached_property
    def _templated(self) -> Templated:
        return Templated(self.templates, self._business)

    @cached_property
    def opt_ins(self) -> OptIns:
        """What passes on opt-ins from elsewhere."""
        return OptIns(
            contacts=self.contacts,
            ledger=self.stores.ledger,
            suppressions=self.stores.erasures,
            inboxes=[shard.inbox for shard in self.stores.shards],
            template=self._templated.question,
            world=self.dialogue.world,
            keys=self.stores.keys,
            clock=self.clock,
        )

    @cached_property
    def messages(self) -> Messages:
        """What sends the company's messages."""
        return Messages(
            contacts=self.contacts,
            ledger=self.stores.ledger,
            sendings=self.stores.sendings,
            suppressions=self.stores.erasures,
            reads=self.stores.reads,
            decisions=self.stores.company_messages,
            events=self.stores.events,
            told=self.stores.company_messages,
            sends=[self.send(shard) for shard in self.stores.shards],
            filled=self._templated.filled,
            way_out=partial(way_out, self.dialogue.world),
            answerable=self.stores.conversations,
            business=self._business,
            keys=self.stores.keys,
            clock=self.clock,
        )

    @property
    def strangers(self) -> Strangers:
        """What makes customers known."""
        return Strangers(self.contacts, self.stores.erasures)

    @property
    def repeatable(self) -> Repeatable:
        """What answers repeated calls as before."""
        return Repeatable(self.stores.calls)

    # --- rights

    def fulfil(self, shard: ShardStores) -> Fulfil:
        """Build what works off a shard's tasks."""
        return Fulfil(
            rights=self._rights(shard), queue=shard.tasks, send=self.send(shard), dead=shard.dead, clock=self.clock
        )

    def _rights(self, shard: ShardStores) -> Rights:
        world = self.dialogue.world
        return Rights(
            world=world,
            persons=self.stores.persons,
            requests=self.stores.requests,
            exports=self.stores.exports,
            holders=self.data_holders,
            documents=Documents(world),
            proofs=self.stores.proofs,
            writing=self._writing,
            channel=self.sender,
            send=self.send(shard),
            erase=self.erase,
            keys=self.stores.keys,
            base_url=self.base_url,
            clock=self.clock,
        )

    @cached_property
    def _writing(self) -> asyncio.Lock:
        """Held while a person's document is written, so that a process writes one at a time."""
        return asyncio.Lock()

    @cached_property
    def data_holders(self) -> Sequence[DataHolder]:
        """Everything that holds data of persons, the person's row last."""
        at_channel = [UploadedFiles(self.stores.exports, self.channel)] if self.channel else []
        return [*at_channel, *self.stores.data_holders]

    @property
    def public_keys(self) -> Sequence[bytes]:
        """The keys that checkpoints are, or were, signed with."""
        return [signer.public_key for signer in self.stores.keys.signers]

    @property
    def links(self) -> Links:
        """What gives the file behind a person's link."""
        return Links(self.stores.exports, self.clock)

    @cached_property
    def erase(self) -> Erase:
        """What erases a person."""
        return Erase(
            persons=self.stores.persons,
            ledger=self.stores.ledger,
            erasures=self.stores.erasures,
            listed=self.stores.erasure_list,
            holders=self.data_holders,
            proof_days=policy(self._business)[RuleName.PROOF_AFTER_WITHDRAWAL].after.days,
            clock=self.clock,
        )

    def tell_due(self) -> TellDue:
        """Build what tells of requests that are due soon."""
        return TellDue(self.stores.requests, Calendar.of(self._business.controller), self.clock)

    # --- events

    def deliver_events(self) -> DeliverEvents:
        """Build what sends events to the company's endpoints."""
        return DeliverEvents(
            endpoints=self.stores.endpoints, persons=self.stores.persons, post=self.post, clock=self.clock
        )

    # --- retention

    def retention(self) -> Retention:
        """Build what ends and forgets things when their time is over."""
        stores = self.stores
        return Retention(
            business=self._business,
            retained=stores.retained,
            ledger=stores.ledger,
            letters=[shard.dead for shard in stores.shards],
            eraser=self.erase,
            listed=stores.erasure_list,
            expire=UploadedFiles(stores.exports, self.channel).expire if self.channel else stores.exports.expire,
            clock=self.clock,
        )

"""What lies in one shard of Redis, put together for a process."""

from ...keys import Keyring
from ...messages.inbound import Event
from ...settings import Settings
from .connect import Client
from .deadletters import DeadLetters
from .inbox import Inbox
from .keys import ShardKeys
from .outbox import Messages, Outbox
from .sessions import Sessions
from .streams import Stream
from .wire import read_assigned, read_event, read_handed_over


class ShardStores:
    """The stores of one shard, and its queues as they are read."""

    def __init__(self, client: Client, reader: Client, shard: ShardKeys, settings: Settings, keys: Keyring) -> None:
        """`reader` is for reads that wait: it has a connection for each queue."""
        abandoned = settings.takeover_seconds * 1000
        self.number = shard.number
        self.inbox = Inbox(client, shard, limit=settings.inbox_limit, most_bytes=settings.inbox_megabytes * 2**20)
        self.dead = DeadLetters(client, shard, keys)
        self.sessions = Sessions(client, shard)
        self.urgent_sessions = Sessions(client, shard, shard.urgent)
        """The same, for those who answer the urgent lane."""
        self.outbox = Outbox(client, shard)
        self.events: Stream[Event] = Stream(reader, shard.inbox, read_event, abandoned_after_ms=abandoned)
        self.urgent: Stream[Event] = Stream(reader, shard.urgent, read_event, abandoned_after_ms=abandoned)
        self.messages = Messages(reader, shard, abandoned_after_ms=abandoned)
        self.handover = Stream(reader, shard.handover, read_handed_over, abandoned_after_ms=abandoned)
        self.tasks = Stream(reader, shard.tasks, read_assigned, abandoned_after_ms=abandoned)

    async def leave(self) -> None:
        """Give up this reader's name at every queue where it leaves nothing unfinished."""
        for stream in (self.urgent, self.events, self.messages, self.handover, self.tasks):
            await stream.leave()

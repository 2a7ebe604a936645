"""All channels in use, behind one port: each message is sent by the channel that it names."""

from collections.abc import Mapping

from msgspec.structs import replace

from ..messages.inbound import WHATSAPP, Delivery, Inbound
from ..messages.reply import Outbound
from ..service.ports import Accepted, Channel, Retry, SendError


class Senders:
    """The channels in use, behind one port. Implements `ports.Channels`."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels

    async def send(self, outbound: Outbound) -> Accepted:
        """Send by the channel that the message names or, if that is no longer in use, by the first channel."""
        document = outbound.reply.document
        if document is not None and document.media_id:
            name, media_id = _file(document.media_id)
            if name != outbound.channel:
                raise SendError("other_channel", Retry.NEVER, "the file is at another channel", attempts=1)
            outbound = replace(outbound, reply=replace(outbound.reply, document=replace(document, media_id=media_id)))
        return await self._of(outbound.channel).send(outbound)

    async def mark_read(self, message: Inbound, *, typing: bool) -> None:
        """Show the person that their message was read."""
        await self._of(message.channel).mark_read(message, typing=typing)

    async def upload(self, content: bytes, filename: str, mime: str, *, channel: str) -> str:
        """Hand a file over to the channel by which it will be sent."""
        return _named(channel, await self._of(channel).upload(content, filename, mime))

    async def delete_media(self, media_id: str) -> None:
        """Delete a file at the channel where it is."""
        name, id = _file(media_id)
        await self._of(name).delete_media(id)

    def failure(self, delivery: Delivery) -> SendError:
        """Return what it means that an accepted message is now reported to have failed."""
        return self._of(delivery.channel).failure(delivery.code or "")

    async def close(self) -> None:
        """Release the connections of all channels."""
        for channel in self._channels.values():
            await channel.close()

    def _of(self, name: str) -> Channel:
        return self._channels.get(name) or next(iter(self._channels.values()))


def _named(channel: str, id: str) -> str:
    """Return a file's id, qualified by its channel."""
    return id if channel == WHATSAPP else f"{channel}:{id}"


def _file(media_id: str) -> tuple[str, str]:
    """Return a file's channel, and its id there."""
    name, colon, id = media_id.partition(":")
    return (name, id) if colon else (WHATSAPP, media_id)

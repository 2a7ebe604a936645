"""The channels: a new one is a folder in `bot.channels`, and a line in `PROVIDERS`."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from pydantic_settings import BaseSettings

from ..channels.meta.provider import META
from ..messages.inbound import WHATSAPP, Delivery, Inbound, MessageId, Sender
from ..messages.reply import Outbound
from ..service.ports import Channel, Check, Provider, Retry, SendError, Webhooks
from ..settings import Missing, Settings

PROVIDERS: list[Provider[Any]] = [META]
"""Every channel that is set up is used; if none is, deployers are told to set up the first."""


def used(settings: Settings) -> Iterator[Provider[Any]]:
    """Yield the channels that are fully set up. Raises `SettingsError`."""
    return (one for one in PROVIDERS if not settings.of(one.settings).missing())


def missing(settings: Settings) -> Sequence[Missing]:
    """Return the settings still missing before webhooks can be answered: for stores, or for a first channel.

    Raises `SettingsError`.
    """
    of_channel = () if any(used(settings)) else settings.of(PROVIDERS[0].settings).missing()
    return [*of_channel, *settings.missing()]


def variables() -> Mapping[str, str]:
    """Return all environment variables, in lower case, with what each is and where to find it."""
    models: Sequence[type[BaseSettings]] = (Settings, *(one.settings for one in PROVIDERS))
    return {name: field.description or "" for model in models for name, field in model.model_fields.items()}


def webhooks(settings: Settings) -> Mapping[str, Webhooks]:
    """Return the webhooks of the channels in use, by name."""
    return {one.name: one.webhooks(settings.of(one.settings)) for one in used(settings)}


def senders(settings: Settings) -> "Senders | None":
    """Return the senders of the channels in use; None while something is missing."""
    found = {one.name: one.sender(settings.of(one.settings)) for one in used(settings)}
    return Senders(found) if found and not missing(settings) else None


def address(text: str) -> Sender | None:
    """Read an address of any channel; None when it is none."""
    return next((found for one in PROVIDERS if (found := one.address(text))), None)


def ways() -> str:
    """Return which addresses an operator may type beside phone numbers, e.g. `a BSUID such as DE.123`."""
    return ", ".join(one.ways for one in PROVIDERS if one.ways)


async def checks(settings: Settings) -> AsyncIterator[Check]:
    """Run the checks of the channels in use; report if there is none."""
    for one in list(used(settings)) or PROVIDERS[:1]:
        async for check in one.checks(settings.of(one.settings)):
            yield check


class Senders:
    """The channels in use, as one. Implements `ports.Channels`."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels

    async def send(self, outbound: Outbound) -> MessageId:
        """Send by the channel that the message names or, if that is no longer in use, by the first one."""
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
        """Tell what it means that a message which was accepted is now reported to have failed."""
        return self._of(delivery.channel).failure(delivery.code or "")

    async def close(self) -> None:
        """Release the connections of all."""
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

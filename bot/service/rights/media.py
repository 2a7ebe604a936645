"""A person's documents at the channel, where they were uploaded to be sent."""

from collections.abc import Sequence

import structlog

from ..ports import Channels, Exports, SendError, Subject

log = structlog.get_logger(__name__)


class UploadedFiles:
    """Files at the channel. Implements `ports.DataHolder`."""

    name = "media"
    holds: frozenset[str] = frozenset()

    def __init__(self, exports: Exports, channel: Channels) -> None:
        self._exports = exports
        self._channel = channel

    async def export(self, subject: Subject) -> None:
        """Return nothing: the person already has these documents."""

    async def erase(self, subject: Subject) -> int:
        """Delete them there. An unreachable channel blocks nothing: it deletes them itself, WhatsApp after 30 days."""
        return await self._delete([id for record in subject.records for id in await self._exports.media(record)])

    async def expire(self, now: float) -> int:
        """Delete the exports whose link has ended, and their documents there. Raises `Unavailable`."""
        return await self._delete(await self._exports.expire(now))

    async def _delete(self, media: Sequence[str]) -> int:
        deleted = 0
        for media_id in media:
            try:
                await self._channel.delete_media(media_id)
                deleted += 1
            except SendError as error:
                log.warning("media_left", code=error.code, cure="the channel deletes it by itself")
        return deleted

"""Files at Meta: uploaded to be sent, and deleted. Meta: business-phone-numbers/media, 2026."""

import asyncio
import io
from collections.abc import Mapping
from typing import Literal

import aiohttp
import msgspec

from ...service.ports import Retry, SendError
from ..whatsapp import limits
from ..whatsapp.errors import REFUSED_HERE, UNANSWERED, UNREACHABLE, UNREADABLE, from_response, send_error
from .http import CONNECT_SECONDS
from .http_response import MOST

_TIMEOUT = aiohttp.ClientTimeout(total=60.0, connect=CONNECT_SECONDS)
"""Seconds for a request, including an upload of the largest file."""

_AT_ONCE = 4
"""Concurrent requests: each upload holds its file in memory."""

_NO_SUCH_OBJECT = ("33", "100")
"""Error codes for an id that is not, or no longer, known."""


class _Uploaded(msgspec.Struct):
    id: str


_decode = msgspec.json.Decoder(_Uploaded).decode


class MediaApi:
    """The files of one business number.

    Each request has its own connection: files are sent to few people, so keeping it open is not worth it.
    """

    def __init__(self, graph: str, phone_number_id: str, headers: Mapping[str, str]) -> None:
        """`graph` includes the version, without a slash at its end; `headers` say who asks."""
        self._graph = graph
        self._phone_number_id = phone_number_id
        self._headers = {**headers, "Accept-Encoding": "identity"}
        self._transfers = asyncio.Semaphore(_AT_ONCE)

    async def upload(self, content: bytes, filename: str, mime: str) -> str:
        """Upload a file and return its media id. Raises `SendError`, before sending if it breaks a limit."""
        if reason := _refused(content, filename, mime):
            raise SendError(REFUSED_HERE, Retry.NEVER, reason, attempts=1)
        answer = await self._ask("POST", f"{self._phone_number_id}/media", _form(content, filename, mime))
        try:
            media_id = _decode(answer).id
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            media_id = ""
        if not limits.media_id(media_id):
            raise send_error(UNREADABLE)
        return media_id

    async def delete(self, media_id: str) -> None:
        """Delete a file; a file that no longer exists is not an error. Raises `SendError`."""
        if not limits.media_id(media_id):
            raise SendError(REFUSED_HERE, Retry.NEVER, "media id: not a number", attempts=1)
        try:
            await self._ask("DELETE", media_id)
        except SendError as error:
            if error.code not in _NO_SUCH_OBJECT:
                raise

    async def _ask(self, method: Literal["POST", "DELETE"], path: str, form: aiohttp.FormData | None = None) -> bytes:
        """Send a request and return the body of its answer. Raises `SendError`, which quotes neither."""
        url = f"{self._graph}/{path}"
        try:
            async with (
                self._transfers,
                aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT) as session,
                session.request(method, url, data=form, allow_redirects=False) as response,
            ):
                answer = await _body(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise send_error(UNREACHABLE, detail=type(error.__cause__ or error).__name__) from None
        except (aiohttp.ClientError, TimeoutError):
            raise send_error(UNANSWERED) from None
        if response.status != 200:
            raise from_response(response.status, answer)
        return answer


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, or nothing if it is too large. Raises `aiohttp.ClientError`."""
    try:
        await response.content.readexactly(MOST + 1)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
    return b""


def _refused(content: bytes, filename: str, mime: str) -> str:
    if limits.DOCUMENT_MIMES.get(filename.rpartition(".")[2]) != mime:
        return "file: its name does not fit its type, or WhatsApp takes no such type"
    if not filename.isascii() or not filename.isprintable() or '"' in filename or "\\" in filename:
        return "filename: only printable ASCII without quotes"
    if not 0 < len(content) <= limits.DOCUMENT_BYTES:
        return f"file: empty, or more than {limits.DOCUMENT_BYTES} bytes"
    return ""


def _form(content: bytes, filename: str, mime: str) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # the name is already safe in a header
    form.add_field("messaging_product", "whatsapp")
    form.add_field("type", mime)
    form.add_field("file", io.BytesIO(content), filename=filename, content_type=mime)
    return form

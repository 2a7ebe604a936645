"""Files at Meta: uploaded to be sent, and deleted. Meta: business-phone-numbers/media, 2026."""

import secrets
from collections.abc import Mapping

import msgspec

from ...service.ports import Retry, SendError
from ..whatsapp import limits
from ..whatsapp.errors import REFUSED_HERE, UNREADABLE, send_error
from .asking import answered
from .http import Endpoint

_SECONDS = 60.0
"""For one upload."""

_AT_ONCE = 4

_NO_SUCH_OBJECT = (33, 100)
"""Codes for an id that is not, or no longer, known."""


class _Uploaded(msgspec.Struct):
    id: str


_decode = msgspec.json.Decoder(_Uploaded).decode


class MediaApi:
    """The files of one business number."""

    def __init__(self, graph: str, phone_number_id: str, headers: Mapping[str, str]) -> None:
        """`graph` has the version and no slash at its end; `headers` say who asks. Raises `ValueError`."""
        self._graph = graph
        self._headers = headers
        self._boundary = secrets.token_hex(16)
        self._endpoint = Endpoint(
            f"{graph}/{phone_number_id}/media",
            {**headers, "Content-Type": f"multipart/form-data; boundary={self._boundary}"},
            connections=_AT_ONCE,
            timeout=_SECONDS,
        )

    async def upload(self, content: bytes, filename: str, mime: str) -> str:
        """Upload a file and return its media id. Raises `SendError`; unsent, when it breaks a limit."""
        if reason := _refused(content, filename, mime):
            raise SendError(REFUSED_HERE, Retry.NEVER, reason, attempts=1)
        answer = await answered(self._endpoint, _form(self._boundary, content, filename, mime))
        try:
            media_id = _decode(answer).id
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            media_id = ""
        if not limits.media_id(media_id):
            raise send_error(UNREADABLE)
        return media_id

    async def delete(self, media_id: str) -> None:
        """Delete a file; one that is there no more is no error. Raises `SendError`."""
        if not limits.media_id(media_id):
            raise SendError(REFUSED_HERE, Retry.NEVER, "media id: not a number", attempts=1)
        endpoint = Endpoint(f"{self._graph}/{media_id}", self._headers, method="DELETE", connections=1)
        try:
            await answered(endpoint, b"")
        except SendError as error:
            if error.code not in _NO_SUCH_OBJECT:
                raise
        finally:
            await endpoint.close()

    async def close(self) -> None:
        """Release the connections."""
        await self._endpoint.close()


def _refused(content: bytes, filename: str, mime: str) -> str:
    if limits.DOCUMENT_MIMES.get(filename.rpartition(".")[2]) != mime:
        return "file: its name does not fit its type, or WhatsApp takes no such type"
    if not filename.isascii() or not filename.isprintable() or '"' in filename or "\\" in filename:
        return "filename: only printable ASCII without quotes"
    if not 0 < len(content) <= limits.DOCUMENT_BYTES:
        return f"file: empty, or more than {limits.DOCUMENT_BYTES} bytes"
    return ""


def _form(boundary: str, content: bytes, filename: str, mime: str) -> bytes:
    """Return the body of an upload (RFC 7578)."""
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("messaging_product", "whatsapp"), ("type", mime))
    )
    head = (
        f'{fields}--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        f"Content-Type: {mime}\r\n\r\n"
    )
    return b"%b%b\r\n--%b--\r\n" % (head.encode(), content, boundary.encode())

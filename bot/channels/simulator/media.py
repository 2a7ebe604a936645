"""Files at the simulated Graph: uploaded, sent as documents, deleted. Meta: business-phone-numbers/media."""

import secrets
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from ..whatsapp import limits
from .refusal import Refusal

LARGEST_REQUEST = limits.DOCUMENT_BYTES + 1_000_000
"""Bytes: a little more than the largest file, so that a file that is too large gets Graph's error."""

_FIELDS = frozenset({"messaging_product", "type", "file"})


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file."""

    id: str
    filename: str
    mime: str
    content: bytes = field(repr=False)


async def uploaded(request: web.Request) -> File:
    """Return the file of an upload. Raises `Refusal` where Graph would refuse it."""
    if request.content_type != "multipart/form-data":
        raise Refusal(100, "The content type must be multipart/form-data")
    form = await _form(request)
    if unknown := form.keys() - _FIELDS:
        raise Refusal(100, f"Unexpected field: {min(unknown)}")
    if form.get("messaging_product") != "whatsapp":
        raise Refusal(100, "The parameter messaging_product is required.")
    file = form.get("file")
    if not isinstance(file, File):
        raise Refusal(100, "The parameter file is required.")
    if file.mime != form.get("type", file.mime) or file.mime not in limits.DOCUMENT_MIMES.values():
        raise Refusal(100, f"Param file must be a file with one of the supported types, not {file.mime}")
    if not 0 < len(file.content) <= limits.DOCUMENT_BYTES:
        raise Refusal(131053, f"File size is {len(file.content)} bytes")
    return file


async def _form(request: web.Request) -> dict[str, str | File]:
    form: dict[str, str | File] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Refusal(100, "The form is nested")
            name = part.name or ""
            if name == "file":
                mime = part.headers.get("Content-Type", "")
                form[name] = File(_new_id(), part.filename or "", mime, bytes(await part.read()))
            else:
                form[name] = await part.text()
    except ValueError:
        raise Refusal(100, "The form cannot be read") from None
    return form


def _new_id() -> str:
    return str(10**15 + secrets.randbelow(9 * 10**15))

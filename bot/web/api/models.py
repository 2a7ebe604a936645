"""The values that bodies of several operations have in common."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from .document import VALUES

_LINE = r"^[^\x00-\x1f\x7f]*$"
"""Text without control characters, which no database or log takes well."""

_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""The same, with line breaks and tabs."""


_LOCALE = r"^[A-Za-z]{2,3}([-_@][A-Za-z0-9]{2,8})*$"


def _whole(value: Any) -> Any:
    """Take 49.0 for 49, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Address = Annotated[
    str,
    Field(
        min_length=4,
        max_length=140,
        pattern=r"^(\+[1-9][0-9]{6,14}|[A-Z]{2}\.[A-Za-z0-9]{1,128})$",
        description="a phone number with + and country code, or a BSUID",
        examples=["+4915112345678"],
    ),
]

PurposeId = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="the id of a purpose, from `GET /api/v1/purposes`",
        examples=["order_updates"],
        json_schema_extra={VALUES: "purposes"},
    ),
]

Locale = Annotated[
    str,
    Field(
        max_length=35,
        pattern=_LOCALE,
        description="a language that is offered",
        examples=["de"],
        json_schema_extra={VALUES: "locales"},
    ),
]

AnyLocale = Annotated[
    str,
    Field(max_length=35, pattern=_LOCALE, description="a language", examples=["de"]),
]

Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=_LINE,
        description="why, in your words; it is recorded",
        examples=["e-mail of 30 November, ticket 4711"],
    ),
]

Line = Annotated[str, Field(pattern=_LINE)]
"""A text in a line; how long it may be, each field says."""

_BLANK = r" \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Blanks, written so that every dialect of regular expressions takes the same for one."""

Label = Annotated[
    str,
    Field(
        min_length=1,
        pattern=rf"^[^{_BLANK}\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^{_BLANK}\x00-\x1f\x7f])?$",
    ),
]
"""A line that neither begins nor ends with a blank."""

Limit = Annotated[int, Field(ge=1, le=1000, description="how many at most"), BeforeValidator(_whole)]

Text = Annotated[str, Field(pattern=_TEXT)]
"""A text of several lines."""

Words = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        pattern=_TEXT,
        description="the person's own words; kept encrypted with the person's key",
        examples=["My surname is written with double n."],
    ),
]


def moment(seconds: float) -> datetime:
    """Return a moment, from unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def moment_if_any(seconds: float | None) -> datetime | None:
    """Return a moment; None if there is none, which 0 also means."""
    return moment(seconds) if seconds else None

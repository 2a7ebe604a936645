"""Meta's own words about a refused request, for an operator to read, without anything secret that they quote."""

import re
from collections.abc import Iterable, Sequence

_LONGEST = 300
"""Characters that are shown of each text: the rest of a long one is of no use."""

_FEW = 8
"""Characters that a secret must have for its parts to be looked for."""

_SEPARATORS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
"""What could move an operator's terminal, and blanks."""

_OPAQUE = re.compile(r"(?=[\w|.%-]*\d)(?=[\w|.%-]*[A-Za-z])[\w|.%-]{20,}")
"""Looks like a token: `Malformed access token EAAB…` quotes what was sent."""


def said(answer: object, secrets: Sequence[str] = ()) -> str:
    """Return the texts of an error in Graph's answer, or "" if it has none.

    `secrets` never appear, nor does anything that looks like a token. Meta: graph-api/guides/error-handling: `message`
    is for developers, `error_user_title` and `error_user_msg` are for whoever uses the app, and `error_data.details`
    says more, for the Cloud API.
    """
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return ""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    told = (error.get("message"), error.get("error_user_title"), error.get("error_user_msg"), details)
    return " / ".join(_new(shown(text, secrets) for text in told if isinstance(text, str)))


def _new(texts: Iterable[str]) -> Sequence[str]:
    """Leave out what an earlier text has already said."""
    kept: list[str] = []
    for text in texts:
        if text and not any(text in earlier for earlier in kept):
            kept.append(text)
    return kept


def shown(text: str, secrets: Sequence[str] = ()) -> str:
    """Return a text of Meta's as an operator may see it: one line, not too long, and without secrets."""
    for secret in secrets:
        if len(secret) >= _FEW:
            text = text.replace(secret, "…")
    text = _OPAQUE.sub("…", _SEPARATORS.sub(" ", text)).strip()
    text = text.replace(";", ",")  # a semicolon separates a problem from its cure
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

"""Checks the addresses that settings name; no error says an address, because it may hold a password."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def require_scheme(url: SecretStr, *schemes: str) -> None:
    """Raise `ValueError`, which does not say the URL, unless it begins with one of the schemes."""
    try:
        parts = urlsplit(url.get_secret_value())
        scheme, _ = parts.scheme, parts.port
    except ValueError:
        raise ValueError("is not a well-formed URL") from None
    if scheme not in schemes:
        raise ValueError(f"must start with {' or '.join(f'{allowed}://' for allowed in schemes)}")


def web_address(url: str) -> str:
    """Return a URL without the slash at its end. Raises `ValueError` unless it is https://, or of this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("must be a web address") from None
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return url.rstrip("/")
    raise ValueError("must start with https:// (http:// only on this machine)")


def without_sslmode(url: str) -> tuple[str, str | None]:
    """Return a PostgreSQL URL without what asyncpg under SQLAlchemy does not understand, and its `sslmode`."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url, None  # reported by whoever checks it
    query = dict(parse_qsl(parts.query))
    mode = query.pop("sslmode", None)
    query.pop("channel_binding", None)
    return urlunsplit(parts._replace(query=urlencode(query, safe="/:"))), mode

"""What a person may have written, in an object of a shape that is not known."""

from collections.abc import Iterator

from .fields import kept

_MOST_LOOKS = 300
"""Values of one object that are looked at."""

_NO_WORDS = frozenset(
    {
        # who and what it is
        "id", "type", "kind", "from", "to", "sender", "recipient", "author", "profile", "timestamp", "phone",
        "company", "organization", "phone_number", "display_phone_number", "customer", "country_code",
        "messaging_product", "emoji",
        # what others wrote
        "context", "referral", "errors", "error", "metadata", "contacts", "location", "referred_product", "request",
        "waid",
        # what machines wrote
        "event", "status", "direction", "category", "action", "code", "value", "mime_type", "sha256", "url", "link",
        "filename", "payload", "product_items", "response", "response_json", "pricing", "conversation",
        "history_context", "biz_opaque_callback_data",
    }
)  # fmt: skip
"""Keys that hold no words of the person's."""


def words_in(value: object) -> str:
    """Return the texts in an object, at any depth, in their order."""
    return kept("\n".join(dict.fromkeys(_texts(value))))


def _texts(value: object) -> Iterator[str]:
    left, looks = [value], 0
    while left and looks < _MOST_LOOKS:
        looks += 1
        match left.pop():
            case str() as text if text.strip():
                yield text
            case list() as several:
                left += reversed(several)
            case dict() as named:
                left += [inner for key, inner in reversed(named.items()) if _may_hold_words(key)]


def _may_hold_words(key: object) -> bool:
    return (
        type(key) is str
        and (name := key.lower()) not in _NO_WORDS
        and not name.endswith(("_id", "_type", "_at", "_url", "_token", "_role", "name", "sid"))  # as in `full_name`
    )

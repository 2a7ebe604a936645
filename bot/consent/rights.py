"""The one table of rights: what a person may ask about their data, and what the program does about it.

A new right is a row here, a word, a flow, a choice in `flows/rights.toml`, and the code that grants it in
`bot/service/rights`: docs/developer.md lists the files.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class _Row:
    """What the program knows about a right."""

    article: str = ""
    """The article of the GDPR that gives it."""
    intent: str = ""
    """The word that asks for it, by its id in `bot.words.keywords`; RIGHTS offers it."""
    says: tuple[str, ...] = ()
    """Texts that are said when it is done, after the dialogue."""
    is_request: bool = True
    """Whether it is noted, to be answered within a month (GDPR Art. 12(3)), and listed among the rights in exports."""
    is_promised: bool = False
    """Whether it is prepared after a promise ("One moment"): the effect `ask_<id>` of a flow asks for it."""


class Right(StrEnum):
    """What a person may ask for."""

    article: str
    intent: str
    says: tuple[str, ...]
    is_request: bool
    is_promised: bool

    def __new__(cls, id: str, row: _Row = _Row()) -> "Right":
        """Make a right from its row; `id` is used in requests, exports, tasks, logs and metrics."""
        right = str.__new__(cls, id)
        right._value_, right.article, right.intent, right.says = id, row.article, row.intent, row.says
        right.is_request, right.is_promised = row.is_request, row.is_promised
        return right

    ACCESS = (
        "access",
        _Row("15", "my_data", is_promised=True, says=("my_data.summary", "my_data.link", "my_data.nothing")),
    )
    RECTIFICATION = "rectification", _Row("16", "correct", says=("correct.noted",))
    ERASURE = "erasure", _Row("17", "delete", says=("delete.done",))
    RESTRICTION = "restriction", _Row("18", "restrict")
    PORTABILITY = (
        "portability",
        _Row("20", "portability", is_promised=True, says=("portability.link", "portability.file")),
    )
    OBJECTION = "objection", _Row("21", "object")
    PROOF = "proof", _Row("7(1)", "proof", is_promised=True, is_request=False, says=("proof.receipt",))
    """The receipt of the person's own consents: the controller must be able to prove them, also to the person."""


REQUESTS = tuple(right for right in Right if right.is_request)
"""The rights that make a request."""

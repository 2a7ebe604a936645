"""What a person is told once somebody at the company has dealt with their request: outcome and reason.

A reason out of this closed set is told in the person's own language; whatever else an operator wants to say goes as
they typed it, marked as their words. `flows/answered.toml` has the texts.
"""

from dataclasses import dataclass
from enum import StrEnum

from .requests import NotPossible, State
from .rights import Right

MOST_WORDS = 800
"""Characters of an operator's own words: with all other paragraphs they must fit into one message."""

_OUTCOMES = {State.DONE: "done", State.REFUSED: "refused", State.EXTENDED: "extended"}


class Because(StrEnum):
    """A reason that is translated."""

    CORRECTED = "corrected"
    """Done: the data was corrected as the person wrote (GDPR Art. 16)."""
    CHECKED = "checked"
    """Refused: the data is correct as it is (Art. 16)."""
    IDENTITY = "identity"
    """Refused: nobody could tell whether the request came from the person (Art. 12(2))."""
    REPEATED = "repeated"
    """Refused: the same was answered a short time ago (Art. 12(5))."""
    LAW = "law"
    """Refused: a law requires to keep the data (Art. 17(3)(b))."""
    CLAIMS = "claims"
    """Refused: the data is needed for a legal claim (Art. 17(3)(e), 21(1))."""
    OTHERS = "others"
    """Refused: it would disclose data of other people (Art. 15(4))."""
    WORK = "work"
    """Extended: it is more work than usual (Art. 12(3))."""

    @property
    def goes_with(self) -> State:
        """The outcome that it is a reason for."""
        match self:
            case Because.CORRECTED:
                return State.DONE
            case Because.WORK:
                return State.EXTENDED
        return State.REFUSED


_CODES = frozenset(Because)


@dataclass(frozen=True, slots=True)
class Said:
    """The reason for a step, as the person is told."""

    because: Because | None = None
    words: str = ""
    """The operator's own words, in whatever language they typed."""

    def __str__(self) -> str:
        """Return it as it is recorded."""
        return "; ".join(filter(None, (self.because, self.words.strip())))

    @classmethod
    def recorded(cls, text: str) -> "Said":
        """Return the reason that was recorded as a text."""
        code, _, words = text.partition("; ")
        return cls(Because(code), words) if code in _CODES else cls(words=text)


def check(said: Said, right: Right, outcome: State) -> None:
    """Raise `NotPossible` if the reason can't be one for this outcome of a request."""
    reason = said.because
    if reason is not None and reason.goes_with is not outcome:
        others = ", ".join(one for one in Because if one.goes_with is outcome)
        raise NotPossible(f"{reason!s} is no reason for {outcome}: name one of {others}, or give your own words")
    if reason in (Because.CORRECTED, Because.CHECKED) and right is not Right.RECTIFICATION:
        raise NotPossible(f"{reason!s} answers only a request for rectification; give your own words")


def text_ids(outcome: State, said: Said) -> tuple[str, ...]:
    """Return the ids of the texts that tell of an outcome, each a paragraph, in their order."""
    parts = ["about", _OUTCOMES[outcome]]
    parts += [said.because] if said.because else []
    parts += ["words"] if said.words.strip() else []
    return tuple(f"answered.{part}" for part in (*parts, "remedy"))


TEXTS = frozenset(f"answered.{part}" for part in ("about", *_OUTCOMES.values(), *Because, "words", "remedy"))
"""The ids of all texts that tell of an outcome."""

ASKED = {
    Right.ACCESS: "rights.my_data",
    Right.RECTIFICATION: "rights.correct",
    Right.ERASURE: "rights.delete",
    Right.RESTRICTION: "rights.restrict",
    Right.PORTABILITY: "rights.portability",
    Right.OBJECTION: "rights.object",
}
"""The ids of the texts that say what a request asks for: the choices under RIGHTS."""

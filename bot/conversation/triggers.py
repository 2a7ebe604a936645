"""The one table of triggers: what Python fires in a flow, besides the choices that a person taps.

A transition by any other trigger never happens, and a flow that lacks a trigger it needs leaves somebody without an
answer: `lint` finds both.
"""

from dataclasses import dataclass
from enum import StrEnum

from ..words.intents import Intent


@dataclass(frozen=True, slots=True)
class _Row:
    """A trigger's properties."""

    fired: str = ""
    """When it is fired, for whoever writes a flow."""
    begins: Intent | None = None
    """The intent whose flow it begins, besides `start`."""


class Trigger(StrEnum):
    """A trigger that Python fires."""

    fired: str
    begins: Intent | None

    def __new__(cls, id: str, row: _Row = _Row()) -> "Trigger":
        """Make a trigger from its row."""
        trigger = str.__new__(cls, id)
        trigger._value_, trigger.fired, trigger.begins = id, row.fired, row.begins
        return trigger

    START = "start", _Row("the words of the dialogue are typed, or its button is tapped")
    ASK_ONE = "ask_one", _Row("one purpose is chosen in a list, to be asked for its consent", Intent.START)
    ASK_ANEW = "ask_anew", _Row("a consent ended by itself, or ends soon, and may be asked for anew", Intent.START)
    INVITED = "invited", _Row("the company passes on an opt-in from elsewhere, e.g. from a web form", Intent.START)
    WITHDRAW_ONE = "withdraw_one", _Row("only some purposes are to end: tapped, or named in a STOP", Intent.MY_CHOICES)
    TAKEN_BACK = "taken_back", _Row("the message that was a yes is changed or deleted", Intent.STOP)
    SET_LANGUAGE = "set_language", _Row("a language is tapped, or its name typed", Intent.LANGUAGE)
    LIFT = "lift", _Row("the button under a restriction is tapped, wherever the person is", Intent.RESTRICT)
    YES = "yes", _Row("the question that waits is answered yes")
    NO = "no", _Row("the question that waits is answered no")
    KEEP = "keep", _Row("the button that ends a doubt is tapped: everything stays as it was")
    TYPED = "typed", _Row("something is typed that is no command, where the dialogue asked for a text")
    ASK_AGAIN = "ask_again", _Row("the question that waits is to be asked once more, perhaps in another language")

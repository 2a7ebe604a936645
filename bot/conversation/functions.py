"""The functions that flow files may name: ours, and those of a host program (`setup`, APP_FUNCTIONS)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .effects import CHOICES, EFFECTS, Choices, Effect
from .flow_file import SPEAKS
from .guards import GUARDS, Guard


@dataclass(frozen=True, eq=False)
class Functions:
    """Functions by the names under which flow files use them.

    A guard and the function of a list of choices read the turn and change nothing; an effect may change it. They are
    called inside a step, which must give the same for the same message: they do no I/O and read no clock. What an
    effect records is checked by `bot.consent.lifecycle` as ever. Raises `ValueError` for a name that is not one.
    """

    guards: Mapping[str, Guard] = field(default_factory=dict)
    """Named under `conditions`."""
    effects: Mapping[str, Effect] = field(default_factory=dict)
    """Named under `before` and `after`."""
    choices: Mapping[str, Choices] = field(default_factory=dict)
    """Named as `choices_from`."""

    def __post_init__(self) -> None:
        for names in (self.guards, self.effects, self.choices):
            for name in names:
                if not name.isidentifier() or name.startswith(SPEAKS):
                    raise ValueError(f"{name!r} is no name for a function of flows; write letters, digits and _")

    def with_own(self, own: "Functions") -> "Functions":
        """Return these and a program's own. Raises `ValueError` for a name that is taken."""
        return Functions(
            _joined(self.guards, own.guards), _joined(self.effects, own.effects), _joined(self.choices, own.choices)
        )


T = TypeVar("T")


def _joined(ours: Mapping[str, T], own: Mapping[str, T]) -> Mapping[str, T]:
    if taken := sorted(ours.keys() & own.keys()):
        raise ValueError(f"{', '.join(taken)}: taken by a function of consentbot; rename yours")
    return {**ours, **own}


OURS = Functions(GUARDS, EFFECTS, CHOICES)

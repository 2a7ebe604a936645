"""Recognises short questions about us, and the wish to choose anew, in any wording.

"Who is it that texts me?", "where do you know my number from?", "why did you contact me?": no list of sentences is
complete, so each language lists their parts by role ([questions] in its keyword file). A statement has such a meaning
only if each of its words has a role, since "who delivers on Sunday?" is for the company to answer.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from .keywords import Intent, Vocabulary
from .roles import Roles, forms, union
from .statements import parts

_WHO, _YOU, _HOW, _HAVE, _NUMBER, _WHY, _OURS, _CHANGE, _MIND, _CHOICES, _SMALL = (1 << bit for bit in range(11))

_BITS = {
    "who": _WHO,
    "you": _YOU,
    "how": _HOW,
    "have": _HAVE,
    "number": _NUMBER,
    "why": _WHY,
    "ours": _OURS,
    "change": _CHANGE,
    "mind": _MIND,
    "choices": _CHOICES,
    "small": _SMALL,
}
"""List in [questions] → its role."""

_MEANT = (
    (_HOW | _HAVE | _NUMBER, Intent.SOURCE),
    (_WHY | _OURS, Intent.WHY),
    (_WHO | _YOU, Intent.WHO),
    (_CHANGE | _MIND, Intent.MY_CHOICES),
    (_CHANGE | _CHOICES, Intent.MY_CHOICES),
)
"""The roles that must meet → what the statement means then; the first that fits counts."""

_MOST = 16
"""Maximum words of such a message; a longer one tells something."""


class Asked(NamedTuple):
    """What was found, and in which languages."""

    intent: Intent
    languages: frozenset[str]


class Questions:
    """The parts of such questions in all languages, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._roles = Roles(vocabularies, _parts)

    def find(self, text: str, plain: str, spoken: Collection[str] = ()) -> Asked | None:
        """Return what `text`, whose loose form is `plain`, asks; `spoken`: the person's languages.

        Where several statements ask something, the first counts; one that is only an opening changes nothing ("I don't
        know this number, who is it?").
        """
        words = plain.split()
        if len(words) > _MOST:
            return None
        profile = self._roles.profile(words)
        said = parts(text, len(words))
        languages = [language for language in profile if language in spoken] or [*profile]
        found: dict[Intent, set[str]] = {}
        for language in languages:
            roles = profile[language]
            if all(roles):
                meant = (_meaning(roles[part.start : part.end]) or _meaning_of(roles, part.sentence) for part in said)
                if intent := next(filter(None, meant), None):
                    found.setdefault(intent, set()).add(language)
        if not found:
            return None
        intent = max(found, key=lambda each: len(found[each]))
        return Asked(intent, frozenset(found[intent]))


def _meaning_of(roles: Sequence[int], sentence: tuple[int, int]) -> Intent | None:
    return _meaning(roles[slice(*sentence)])


def _meaning(roles: Sequence[int]) -> Intent | None:
    together = union(roles)
    return next((intent for wanted, intent in _MEANT if together & wanted == wanted and _apart(roles, wanted)), None)


def _apart(roles: Sequence[int], wanted: int) -> bool:
    """Whether the wanted roles are not all on one word: "you" alone asks nothing."""
    return len(roles) > 1 or roles[0] & wanted == wanted


def _parts(vocabulary: Vocabulary) -> Iterator[tuple[str, int]]:
    for name, role in _BITS.items():
        yield from ((form, role) for form in forms(vocabulary, getattr(vocabulary.questions, name)))
    yield from ((form, _SMALL) for form in forms(vocabulary, vocabulary.polite))

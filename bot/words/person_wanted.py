"""Recognises calls for a person in any wording, and the question whether a person or a machine writes.

"Speak to a human being please!!!" must reach a person (WhatsApp Business Messaging Policy), and whoever asks must learn
that they talk with a machine (AI Act, Art. 50). No list of sentences is ever complete, so each language lists their
parts by role ([person] in its keyword file), and the meaning of a statement follows from the roles that meet in it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from .keywords import Intent, Vocabulary
from .roles import Roles, forms, union
from .statements import Part, parts

_WHO, _SOMEONE, _REACH, _CALL, _WANT, _ROBOT, _BEING, _SMALL, _DENY, _STORY = (1 << bit for bit in range(10))

_BITS = {
    "who": _WHO,
    "someone": _SOMEONE,
    "reach": _REACH,
    "call": _CALL,
    "want": _WANT,
    "robot": _ROBOT,
    "being": _BEING,
    "small": _SMALL,
    "deny": _DENY,
    "story": _STORY,
}
"""List in [person] → its role."""

_ANYBODY = _WHO | _SOMEONE

_NEAR = 5
"""Maximum words from the verb to the person: "connect me right away with a real person"."""

_NEAR_BEFORE = 8
"""The same from the person to the verb that ends a clause: German "mit einem Menschen über … sprechen"."""

_ODD = 2
"""Maximum words without a role before the person, or in a statement whose verb comes after them."""


class Wanted(NamedTuple):
    """What was found: HUMAN or ROBOT, and in which languages."""

    intent: Intent
    languages: frozenset[str]


class PersonWanted:
    """The parts of such sentences in all languages, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._roles = Roles(vocabularies, _parts)

    def find(self, text: str, plain: str, spoken: Collection[str] = ()) -> Wanted | None:
        """Return what `text`, whose loose form is `plain`, asks for; `spoken`: the person's languages."""
        words = plain.split()
        profile = {
            language: [*map(_settled, roles)]
            for language, roles in self._roles.profile(words).items()
            if union(roles) & (_ANYBODY | _CALL | _ROBOT)  # without them nothing is meant, whatever else is there
        }
        if not profile:
            return None
        said = parts(text, len(words))
        for intent, is_meant in ((Intent.HUMAN, _calls), (Intent.ROBOT, _doubts)):
            found = [language for language, roles in profile.items() if any(is_meant(roles, part) for part in said)]
            if found:
                return Wanted(intent, frozenset(spoken).intersection(found) or frozenset(found))
        return None


def _calls(roles: Sequence[int], part: Part) -> bool:
    """Whether a part of a message calls for a person."""
    own = roles[part.start : part.end]
    together = union(own)
    if not together & (_ANYBODY | _CALL):
        return False
    if together & _BEING and not together & _WANT:  # "am I speaking to a human?"
        own = [0 if role & _BEING and not role & _ANYBODY else role for role in own]
        if not union(own) & (_REACH | _CALL):
            return False
    if together & _DENY and not together & _ROBOT:
        return False
    told = next((index for index, role in enumerate(own) if role & _STORY), len(own))
    people = [index for index, role in enumerate(own) if role & _ANYBODY]
    if any(_leads(own, person, told) or _encloses(own, person, told) for person in people):
        return True
    return _ends_with_verb(own, people, told) or (told == len(own) and _says_no_more(own, together, part))


def _leads(own: Sequence[int], person: int, told: int) -> bool:
    """Whether a verb leads to the person, before any story: "I want to talk to somebody who knows"."""
    if told < person or own[:person].count(0) > _ODD:
        return False
    before = range(max(0, person - _NEAR), person)
    wished = (index for index in before if own[index] & _WANT and own[person] & _WHO)
    return any(own[index] & _REACH for index in before) or any(all(own[index:person]) for index in wished)


def _encloses(own: Sequence[int], person: int, told: int) -> bool:
    """Whether a wish before the person has its verb after it: German "möchte mit jemandem über … reden"."""
    wished = any(role & _WANT for role in own[:person]) and told > person
    return wished and any(role & _REACH for role in own[person + 1 : person + 1 + _NEAR_BEFORE])


def _ends_with_verb(own: Sequence[int], people: Sequence[int], told: int) -> bool:
    """Whether a verb follows the person, before any story: "kann mich jemand anrufen"."""
    verbs = (index for index, role in enumerate(own[:told]) if role & (_REACH | _CALL))
    near = any(person < verb <= person + _NEAR_BEFORE for verb in verbs for person in people)
    return near and own.count(0) <= _ODD


def _says_no_more(own: Sequence[int], together: int, part: Part) -> bool:
    """Whether each word has a role, and some of them suffice: "a real human being please", "call me".

    A single word before a comma may be an exclamation: German "Mensch, ist das schön".
    """
    if len(own) == 1 and part[:2] != part.sentence:
        return False
    enough = together & (_WHO | _CALL) or (together & _SOMEONE and together & (_REACH | _WANT))
    return bool(enough) and all(own)


def _doubts(roles: Sequence[int], part: Part) -> bool:
    """Whether a part asks what writes here: "am I talking to a machine?"; it must say nothing else."""
    own = roles[part.start : part.end]
    together = union(own)
    return bool(together & _BEING and together & (_ROBOT | _ANYBODY)) and all(own) and not together & (_CALL | _STORY)


def _settled(role: int) -> int:
    """Return the roles of a word without those that it loses in an expression: "somebody", "is there a"."""
    if role & (_WHO | _REACH | _WANT | _CALL | _SMALL):
        role &= ~_STORY
    return role & ~_DENY if role & _ANYBODY else role


def _parts(vocabulary: Vocabulary) -> Iterator[tuple[str, int]]:
    for name, role in _BITS.items():
        yield from ((form, role) for form in forms(vocabulary, getattr(vocabulary.person, name)))
    yield from ((form, _SMALL) for form in forms(vocabulary, vocabulary.polite))

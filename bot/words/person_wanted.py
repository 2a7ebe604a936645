"""Recognises calls for a person in any wording, and the question whether a person or a machine writes.

"Speak to a human being please!!!" must reach a person (WhatsApp Business Messaging Policy), and whoever asks must learn
that they talk with a machine (AI Act, Art. 50). No list of sentences is ever complete, so each language lists their
parts by role ([person] in its keyword file), and the meaning of a statement follows from the roles that meet in it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from .keywords import Intent, Vocabulary
from .normalise import exact, loose
from .roles import Roles, forms, union
from .statements import Part, parts, statements
from .typos import Neighbours

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

_TELLING = _ANYBODY | _CALL | _ROBOT
"""Without one of these nothing is asked."""

_NEAR = 5
"""Maximum words from the verb to the person: "connect me right away with a real person"."""

_NEAR_BEFORE = 8
"""The same from the person to the verb that ends a clause: German "mit einem Menschen über … sprechen"."""

_ODD = 2
"""Maximum words without a role before the person, or in a statement whose verb comes after them."""


_TYPED = 5
"""Minimum letters of a misspelt word: shorter words resemble too many others."""

_LONGEST = 20
"""Maximum letters of a word that is looked at for a slip."""

_MOST = 16
"""Maximum words of a message in which slips are looked for."""


_LOOKED_AT = 200
"""Maximum characters of a message that is searched for complaints about the machine."""


class Wanted(NamedTuple):
    """What was found: HUMAN or ROBOT, and in which languages."""

    intent: Intent
    languages: frozenset[str]


class PersonWanted:
    """The parts of such sentences in all languages, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._roles = Roles(vocabularies, _parts)
        self._slips = {language: near for language, each in vocabularies.items() if (near := _slips(each))}

    def find(self, text: str, plain: str, spoken: Collection[str] = ()) -> Wanted | None:
        """Return what `text`, whose loose form is `plain`, asks for; `spoken`: the person's languages."""
        words = plain.split()
        profile = {language: [*map(_settled, roles)] for language, roles in self._roles.profile(words).items()}
        said = parts(text, len(words))
        return _wanted(profile, said, spoken) or _wanted(self._corrected(words, profile, spoken), said, spoken)

    def without_robots(self, text: str) -> str | None:
        """Return `text` without what it says of machines up to the next pause; None if it says nothing of them.

        None as well if it is long: then it tells of more than machines.
        """
        if len(text) > _LOOKED_AT:
            return None
        pieces = statements(text)
        rest = [piece for piece in pieces if not self._names_robot(piece)]
        return ". ".join(rest) if len(rest) < len(pieces) else None

    def _names_robot(self, text: str) -> bool:
        profile = self._roles.profile(loose(exact(text)).split())
        return any(union(roles) & _ROBOT for roles in profile.values())

    def _corrected(
        self, words: Sequence[str], profile: Mapping[str, Sequence[int]], spoken: Collection[str]
    ) -> dict[str, list[int]]:
        """Return the roles with those of misspelt words, in languages in which the other words call for a person."""
        if len(words) > _MOST:
            return {}
        found = {}
        for language in profile.keys() & set(spoken or profile):
            roles = profile[language]
            odd = [index for index, role in enumerate(roles) if not role and len(words[index]) >= _TYPED]
            if odd and len(odd) <= _ODD and union(roles) & (_ANYBODY | _REACH):
                meant = {index: self._meant(words[index], language) for index in odd}
                if any(meant.values()):
                    found[language] = [role | meant.get(index, 0) for index, role in enumerate(roles)]
        return found

    def _meant(self, word: str, language: str) -> int:
        """Return the roles of the words that `word` is one slip away from; a stem may be misspelt before its ending."""
        near = self._slips.get(language)
        if near is None:
            return 0
        index, known = near
        beginnings = (word[:end] for end in range(_TYPED, min(len(word), _LONGEST) + 1))
        return union(
            known[each]
            for beginning in beginnings
            for each in index.of(beginning)
            if known[each] and (beginning == word or (f"{each}*" in known and not _is_another(beginning, each)))
        )


def _wanted(profile: Mapping[str, Sequence[int]], said: Sequence[Part], spoken: Collection[str]) -> Wanted | None:
    whole = {language: together for language, roles in profile.items() if (together := union(roles)) & _TELLING}
    for intent, needed, is_meant in _RULES:
        likely = [language for language, together in whole.items() if together & needed]
        if is_meant is _asks_which and spoken:  # it passes over words without a role, so it may misread other languages
            likely = [language for language in likely if language in spoken]
        found = [language for language in likely if any(is_meant(profile[language], part) for part in said)]
        if found:
            return Wanted(intent, frozenset(spoken).intersection(found) or frozenset(found))
    return None


def _asks_which(roles: Sequence[int], part: Part) -> bool:
    """Whether a part asks which of the two answers: "does a person or a robot reply?", "robot?"."""
    own = roles[part.start : part.end]
    together = union(own)
    if not part.question or not together & _ROBOT or together & (_WANT | _CALL | _DENY):
        return False
    if together & _REACH and not together & _BEING:
        return False
    return all(own) or (bool(together & _ANYBODY) and not together & _STORY and own.count(0) <= _ODD)


def _refuses_robot(own: Sequence[int], together: int) -> bool:
    """Whether a part refuses the machine and says no more: "I don't want to talk to a bot"."""
    return bool(together & _ROBOT and together & _DENY and together & (_REACH | _WANT)) and all(own)


def _calls(roles: Sequence[int], part: Part) -> bool:
    """Whether a part of a message calls for a person."""
    own = roles[part.start : part.end]
    together = union(own)
    if _refuses_robot(own, together):
        return True
    if not together & (_ANYBODY | _CALL):
        return False
    if together & _BEING and not together & _WANT:  # "am I speaking to a human?"
        own = [0 if role & _BEING and not role & (_ANYBODY | _CALL) else role for role in own]
        if not union(own) & (_REACH | _CALL):
            return False
    if together & _DENY and not together & _ROBOT:
        return False
    told = next((index for index, role in enumerate(own) if role & _STORY), len(own))
    people = [index for index, role in enumerate(own) if role & _ANYBODY]
    if any(_leads(own, person, told) or _encloses(own, person, told) for person in people):
        return True
    if _ends_with_verb(own, people, told):
        return True
    return told == len(own) and not _goes_on(roles, part) and _says_no_more(own, together, part)


def _goes_on(roles: Sequence[int], part: Part) -> bool:
    """Whether a story follows in the same sentence: Russian "я человек, который любит розы"."""
    return part.end < part.sentence[1] and bool(roles[part.end] & _STORY)


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


_RULES = (
    (Intent.ROBOT, _ROBOT, _asks_which),
    (Intent.HUMAN, _TELLING, _calls),
    (Intent.ROBOT, _BEING, _doubts),
)
"""What a message may ask, the roles without which it does not, and how a part of it is read; the first counts."""


def _settled(role: int) -> int:
    """Return the roles of a word without those that it loses in an expression: "somebody", "is there a"."""
    if role & (_WHO | _REACH | _WANT | _CALL | _SMALL):
        role &= ~_STORY
    return role & ~_DENY if role & _ANYBODY else role


def _is_another(beginning: str, stem: str) -> bool:
    """Whether a letter is another one, or the last one is missing: before an ending, that is rarely a slip."""
    return stem.startswith(beginning) or (len(beginning) == len(stem) and sorted(beginning) != sorted(stem))


def _slips(vocabulary: Vocabulary) -> tuple[Neighbours, Mapping[str, int]] | None:
    """Return the words for persons and for reaching them, to find them misspelt, and their roles; stems have a star."""
    known: dict[str, int] = {}
    for name in ("who", "someone", "reach"):
        for form in forms(vocabulary, getattr(vocabulary.person, name)):
            word = form.rstrip("*")
            if " " not in word and len(word) >= _TYPED:
                known[word] = known.get(word, 0) | _BITS[name]
                if form != word:
                    known[form] = 0
    return (Neighbours(word for word, role in known.items() if role), known) if known else None


def _parts(vocabulary: Vocabulary) -> Iterator[tuple[str, int]]:
    for name, role in _BITS.items():
        yield from ((form, role) for form in forms(vocabulary, getattr(vocabulary.person, name)))
    yield from ((form, _SMALL) for form in forms(vocabulary, vocabulary.polite))

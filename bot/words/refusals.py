"""Recognises refusals made of small sets of words: "please do not text me", "schickt mir keine Werbung mehr".

No list of sentences is ever complete. So each language lists the parts of a refusal by role ([refusal] in its keyword
file), and the meaning of a statement follows from the roles that occur together, in any order, within a few words.
Every word without a role makes the reading less sure: a partly understood statement only asks back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from .keywords import Intent, Vocabulary
from .roles import Profile, Roles, forms, union
from .statements import Part

_NEAR = 4
"""Maximum distance in words at which two roles belong together: "do not ever again send"."""

_NEAR_AFTER = 6
"""The same from a verb to the negation that ends its clause: German "löschen Sie meine Nummer bitte nicht"."""

_ODD = 4
"""Maximum words without a role in a statement about our messages that is still sure."""

_NOT, _NOT_AFTER, _NOT_BEFORE, _STOP, _CONTACT, _RECEIVE, _MESSAGES, _WANT, _MORE = (1 << bit for bit in range(9))
_ME, _LIST, _REMOVE, _UNSUBSCRIBE, _WITHDRAW, _CONSENT, _OTHERS, _DOUBT, _FILLER = (1 << bit for bit in range(9, 18))
_PAST, _COURTESY, _KEEP, _THAT, _OFFERS, _CONTRAST, _NO, _COMPLAINT, _ONLY = (1 << bit for bit in range(18, 27))

_ROLES = {
    "negation": _NOT,
    "stop": _STOP,
    "contact": _CONTACT,
    "receive": _RECEIVE,
    "messages": _MESSAGES,
    "want": _WANT,
    "more": _MORE,
    "me": _ME,
    "lists": _LIST,
    "remove": _REMOVE,
    "unsubscribe": _UNSUBSCRIBE,
    "withdraw": _WITHDRAW,
    "consent": _CONSENT,
    "others": _OTHERS,
    "past": _PAST,
    "doubt": _DOUBT,
    "only": _ONLY | _DOUBT,
    "keep": _KEEP,
    "that": _THAT | _FILLER,
    "filler": _FILLER,
    "offers": _OFFERS | _MESSAGES,
    "contrast": _CONTRAST | _FILLER,
    "forbid": _NOT | _CONTACT,
    "unwanted": _NOT | _WANT,
}
"""List in [refusal] → its role."""

_TURNS_BEFORE = _NOT | _NOT_AFTER | _PAST
_ENDS = _STOP | _UNSUBSCRIBE | _REMOVE | _WITHDRAW
_BINDS = _MORE | _MESSAGES | _CONTACT
"""After a negation these belong to it: in "don't text me unsubscribe" the second verb is not negated."""

_BESIDE_NO = _NO | _MESSAGES | _FILLER
"""The roles that a statement such as "ads: no, thanks" consists of."""

_UNSETTLED = _PAST | _COURTESY
"""A word with one of these loses its other roles."""

_TELLING = _ENDS | _NOT | _NO | _ONLY | _COMPLAINT
"""Without one of these no rule applies."""

_SOMETHING = _CONTACT | _MESSAGES | _UNSUBSCRIBE | _REMOVE | _CONSENT | _WANT
"""Without one of these no refusal can be found."""


class Sure(IntEnum):
    """How sure a reading is, from least to most."""

    ASK = 1
    ACT = 2


class Reading(NamedTuple):
    """What a statement says in one language."""

    sure: Sure
    rule: str


_COMPLAINS = Reading(Sure.ASK, "complaint")


class Refusals:
    """The parts of refusals of all languages, ready to be found."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._roles = Roles(vocabularies, _parts)
        self.languages = frozenset(language for language, each in vocabularies.items() if each.refusal.filler)
        """Languages whose ordinary words are known, so that a word without a role stands out."""

    def profile(self, words: Sequence[str]) -> Profile:
        """Return the roles of each of `words`, by language."""
        return {
            language: [_settled(role) if role & _UNSETTLED else role for role in roles]
            for language, roles in self._roles.profile(words).items()
        }

    def heard(self, form: str, language: str, key: str) -> bool:
        """Whether an entry of the list `key`, in its looked-up `form`, has its role when typed."""
        role = _ROLES.get(key) or (_NOT_AFTER if key == "not_after" else _NOT_BEFORE)
        return any(each & role for each in self.profile(form.split()).get(language, ()))


def tells(roles: Sequence[int]) -> bool:
    """Whether `read` may find anything in some part of a message."""
    return bool(union(roles) & _TELLING)


def read(roles: Sequence[int], part: Part) -> Reading | None:
    """Return what a part of a message says, by the `roles` of the words of the whole message in one language."""
    own = roles[part.start : part.end]
    together = union(own)
    return _refusal(roles, part, own, together) or (_COMPLAINS if together & _COMPLAINT else None)


def _refusal(roles: Sequence[int], part: Part, own: Sequence[int], together: int) -> Reading | None:
    found = _found(own, together) if together & _SOMETHING else None
    if found is None:
        ended = _ends_named(roles, own, together)
        return Reading(Sure.ASK, ended) if ended else None
    rule, evident = found
    if together & _OTHERS and not together & (_ENDS | _MESSAGES):
        return None
    asked_first = part.question and part.sentence != (0, len(roles))  # "unsubscribe? not at all"
    in_part = rule == "no_to" and part[:2] != part.sentence  # "ads no, news of my order yes"
    never_given = rule == "no_consent" and not together & _MORE
    if never_given and not covered(roles, *part.sentence):
        return None
    if asked_first or in_part or never_given or about_others(roles, part) or keeps(roles) or _turned_anywhere(own):
        return Reading(Sure.ASK, rule)
    bare = rule == "no_contact" and not together & (_ME | _MORE | _LIST | _MESSAGES)
    if bare and names_others(roles, 0, len(roles)):
        return Reading(Sure.ASK, rule)  # "Leave the parcel at the door. Don't call."
    if covered(roles, *part.sentence):
        return Reading(Sure.ACT, rule)
    if evident and not part.question and own.count(0) <= _ODD:
        return Reading(Sure.ACT, rule)
    if bare and not _closes(roles, part):
        return None
    if rule in _WHOLE_ONLY and not together & _MESSAGES and not covered(roles, part.start, part.end):
        return None
    return Reading(Sure.ASK, rule)


def _closes(roles: Sequence[int], part: Part) -> bool:
    """Whether a part comes after a pause and says no more than its roles: "I told you before, don't write"."""
    return part.start > part.sentence[0] and covered(roles, part.start, part.end)


_WHOLE_ONLY = frozenset({"remove_me", "no_consent"})
"""Rules whose words have too many other uses to ask back ("take me to the shop"), unless about messages."""


def covered(roles: Sequence[int], start: int, end: int) -> bool:
    """Whether each word from `start` to `end` has a role."""
    return all(roles[index] for index in range(start, end))


def about_others(roles: Sequence[int], part: Part) -> bool:
    """Whether a part of a message is about an order and the like, or asks or tells about the past.

    It may also except an order: "no ads, orders yes". Offers need no exception, as only they end.
    """
    if any(roles[index] & (_OTHERS | _DOUBT) for index in range(part.start, part.end)):
        return True
    return not about_offers(roles, part) and names_others(roles, part.sentence[0], len(roles))


def names_others(roles: Sequence[int], start: int, end: int) -> bool:
    """Whether a word from `start` to `end` names something that is not ours to stop: "order", "appointment"."""
    return any(roles[index] & _OTHERS for index in range(start, end))


def keeps(roles: Sequence[int]) -> bool:
    """Whether a message says anywhere that its writer wants to go on."""
    return bool(union(roles) & _KEEP)


def leans(roles: Sequence[int], index: int) -> bool:
    """Whether the word at `index` opens a clause that belongs to the words before it: "nechci, abyste psali"."""
    return bool(roles[index] & _THAT)


def about_offers(roles: Sequence[int], part: Part) -> bool:
    """Whether a part of a message names offers and the like, one kind of what we send."""
    return any(roles[index] & _OFFERS for index in range(part.start, part.end))


def about_all(roles: Sequence[int], part: Part) -> bool:
    """Whether a part of a message names what we send at large, in a word that is not also a verb or a little word."""
    words = roles[part.start : part.end]
    return any(role & _MESSAGES and not role & (_OFFERS | _CONTACT | _FILLER) for role in words)


def contrasts(roles: Sequence[int], index: int) -> bool:
    """Whether the word at `index` opens another statement: "but"."""
    return bool(roles[index] & _CONTRAST)


def in_doubt(roles: Sequence[int]) -> bool:
    """Whether a message asks or tells about the past, is about other things, or denies."""
    return bool(union(roles) & (_OTHERS | _DOUBT | _KEEP | _TURNS_BEFORE))


def about_messages(roles: Sequence[int], part: Part) -> bool:
    """Whether a part of a message names what we send, or the list of those who get it."""
    return any(roles[index] & (_MESSAGES | _LIST) for index in range(part.start, part.end))


def turned(roles: Sequence[int], start: int, end: int, part: Part) -> bool:
    """Whether the words start…end are negated within `part`: "don't want to unsubscribe", "stop niet"."""
    unknown = 0
    for index in range(start - 1, max(part.start, start - 1 - _NEAR) - 1, -1):
        if roles[index] & _TURNS_BEFORE and not roles[index] & _CONTACT:
            return True
        unknown += not roles[index]
        if unknown > 1 or roles[index] & _BINDS:
            break
    for index in range(end, min(part.end, end + _NEAR_AFTER)):
        if roles[index] & _NOT_BEFORE:
            return not any(roles[after] & (_BINDS | _RECEIVE) for after in range(index + 1, part.end))
        if not roles[index] or roles[index] & _BINDS:
            break
    return False


def _found(roles: Sequence[int], together: int) -> tuple[str, bool] | None:
    """Return the rule that the roles of a statement satisfy, and whether no other words could change it."""
    if together & _STOP and _meet(roles, _STOP, _CONTACT | _MESSAGES):
        return "stop_messages", bool(together & _MESSAGES or (together & _CONTACT and together & _ME))
    if together & _UNSUBSCRIBE:
        return "unsubscribe", bool(together & (_MESSAGES | _LIST))
    if together & _WITHDRAW and _meet(roles, _WITHDRAW, _CONSENT):
        return "consent", True
    if together & _REMOVE and together & _LIST and _meet(roles, _REMOVE, _LIST):
        return "remove", False
    if together & _NOT:
        return _negated(roles, together)
    if together & _REMOVE and _meet(roles, _REMOVE, _ME):
        return "remove_me", False
    if together & _NO and together & _MESSAGES and all(role & _BESIDE_NO for role in roles):
        return "no_to", False
    if together & _ONLY and together & _OTHERS and together & _MESSAGES and covered(roles, 0, len(roles)):
        return "only_others", False
    return None


def _ends_named(roles: Sequence[int], own: Sequence[int], together: int) -> str:
    """Return the rule of a statement that only ends what another names: "Where is my number from? Delete it!"."""
    if not together & (_REMOVE | _STOP):
        return ""
    named = union(roles)
    turned_round = together & _OTHERS or any(role & _TURNS_BEFORE and not role & _STOP for role in own)
    if turned_round or not all(own) or len(own) == len(roles):
        return ""
    if together & _REMOVE and named & _LIST:
        return "remove_it"
    return "stop_it" if together & _STOP and named & _MESSAGES and not named & (_OTHERS | _KEEP) else ""


def _negated(roles: Sequence[int], together: int) -> tuple[str, bool] | None:
    told = together & _RECEIVE and not together & _WANT  # then "text", a verb and a noun, is the noun
    if together & _CONTACT and _meet([0 if told and role & _MESSAGES else role for role in roles], _NOT, _CONTACT):
        return "no_contact", bool(_named(roles) or (together & _MORE and together & _ME))
    if together & _WANT and together & (_RECEIVE | _MESSAGES | _MORE) and _meet(roles, _NOT, _WANT):
        return "not_wanted", bool(together & _MESSAGES or (together & _RECEIVE and together & _MORE))
    if together & _MESSAGES and not together & _RECEIVE and _meet(roles, _NOT, _MESSAGES):
        return "no_messages", bool(together & _MORE)
    if together & _CONSENT and _meet(roles, _NOT, _CONSENT):
        return "no_consent", False
    return None


def _named(roles: Iterable[int]) -> bool:
    """Whether a word names what we send that is not the verb itself: "text Jane" does not, "text me offers" does."""
    return any(role & _MESSAGES and not role & _CONTACT for role in roles)


def _turned_anywhere(roles: Sequence[int]) -> bool:
    whole = Part(0, len(roles), (0, len(roles)), question=False)
    ends = (index for index, role in enumerate(roles) if role & _ENDS and not role & (_NOT | _MORE))
    return any(turned(roles, index, index + 1, whole) for index in ends)


def _meet(roles: Sequence[int], first: int, second: int) -> bool:
    """Whether two roles stand near each other, in either order, or on one word ("nepište")."""
    first_at = second_at = -_NEAR - 2
    for index, role in enumerate(roles):
        if role & first:
            first_at = index
        if role & second:
            second_at = index
        if first_at >= 0 and second_at >= 0 and abs(first_at - second_at) <= _NEAR + 1:
            return True
    return False


def _settled(role: int) -> int:
    """Return the roles of a word minus those that it loses in "did not", or as a courtesy ("of course", "vale")."""
    if role & _PAST:
        role &= ~_NOT
    return role & ~(_OTHERS | _DOUBT | _KEEP | _TURNS_BEFORE | _NOT_BEFORE) if role & _COURTESY else role


def _parts(vocabulary: Vocabulary) -> Iterator[tuple[str, int]]:
    """Yield (form, role); a form ends with * when only the beginning of a word counts."""
    for name, role in _ROLES.items():
        yield from ((form, role) for form in forms(vocabulary, getattr(vocabulary.refusal, name)))
    yield from ((form, _NOT_AFTER) for form in forms(vocabulary, vocabulary.stop.not_after))
    yield from ((form, _NOT_BEFORE) for form in forms(vocabulary, vocabulary.stop.not_before))
    stems = [word for word in vocabulary.stop.ask if word.endswith("*")]
    yield from ((form, _COMPLAINT | _FILLER) for form in forms(vocabulary, stems))
    courtesies = forms(vocabulary, (*vocabulary.polite, *vocabulary.word_list(Intent.YES).every()))
    yield from ((form, _FILLER | _COURTESY) for form in courtesies)
    yield from ((form, _FILLER | _NO) for form in forms(vocabulary, vocabulary.word_list(Intent.NO).every()))

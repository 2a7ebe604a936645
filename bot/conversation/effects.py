"""What flow files may name: guards (`conditions`), effects (`before`, `after`) and choices (`choices_from`).

A guard reads the turn and answers; an effect changes it. Consent is touched only through `bot.consent.lifecycle`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.consent.evidence import Kind, Method
from bot.consent.lifecycle import Status, answerable, give
from bot.conversation.inbound import Choice
from bot.conversation.turn import Option, Turn, babel_locale

Guard = Callable[[Turn], bool]
Effect = Callable[[Turn], None]
Choices = Callable[[Turn], Sequence[Option]]


# --- guards


def answers_the_pending_request(turn: Turn) -> bool:
    """Whether the message answers the question that is pending, and nothing newer speaks against it."""
    tapped = turn.argument if isinstance(turn.inbound.content, Choice) else None
    pending = answerable(
        turn.record, at=turn.inbound.at, received_at=turn.inbound.received_at, question=tapped
    )
    return pending is not None and turn.inbound.at > turn.record.consent(pending.purpose).stopped_at


def _to_ask(turn: Turn) -> tuple[str, ...]:
    """The purposes to ask about: the rest of this round, else all that are not consented to."""
    if turn.session.asking is not None:
        return turn.session.asking
    purposes = (purpose.id for purpose in turn.world.business.purposes)
    return tuple(purpose for purpose in purposes if turn.record.consent(purpose).status is not Status.GIVEN)


def nothing_to_ask(turn: Turn) -> bool:
    """Whether everything has been consented to."""
    return not _to_ask(turn)


def more_to_ask(turn: Turn) -> bool:
    """Whether another question of this round follows."""
    return bool(_to_ask(turn))


def already_stopped(turn: Turn) -> bool:
    """Whether this STOP changes nothing: everything is withdrawn already."""
    consents = (turn.record.consent(purpose.id) for purpose in turn.world.business.purposes)
    return all(consent.status is Status.WITHDRAWN for consent in consents)


# --- effects


def next_purpose(turn: Turn) -> None:
    """Turn to the next purpose of the round and open a question about it."""
    turn.session.purpose, *rest = _to_ask(turn)
    turn.session.asking = tuple(rest)
    same_purpose(turn)


def same_purpose(turn: Turn) -> None:
    """Open another question about the same purpose."""
    turn.asked = turn.question_id(turn.session.purpose)


def record_requested(turn: Turn) -> None:
    """Record the question just said, with its exact wording."""
    shown = turn.wording()
    turn.record_fact(
        Kind.REQUESTED,
        turn.session.purpose,
        question=turn.asked,
        wording=shown.sha256,
        shown=shown,
        expires_at=turn.inbound.at + int(turn.world.business.question_expires_after.total_seconds()),
        answer="",
    )


def record_given(turn: Turn) -> None:
    """Record the YES; the lifecycle refuses it unless everything is in order."""
    validity = turn.purpose().valid_for
    entry = turn.fact(
        Kind.GIVEN, **_of_the_pending(turn), expires_at=turn.inbound.at + int(validity.total_seconds())
    )
    turn.add(entry, give(turn.record, entry))


def record_refused(turn: Turn) -> None:
    """Record the NO."""
    turn.record_fact(Kind.REFUSED, **_of_the_pending(turn))


def _of_the_pending(turn: Turn) -> dict[str, Any]:
    """What an answer shares with the question that it answers."""
    pending = turn.record.pending
    assert pending is not None, "guarded by answers_the_pending_request"
    return {
        "purpose": pending.purpose,
        "question": pending.question,
        "locale": pending.locale,
        "wording": pending.wording,
        "notice": pending.notice,
    }


def record_lapsed(turn: Turn) -> None:
    """Record that the question was not answered in time."""
    turn.record_fact(Kind.LAPSED, **_of_the_pending(turn), answer="", rule="", method=Method.TIMER, actor="system")


def record_withdrawn(turn: Turn) -> None:
    """Withdraw from everything."""
    turn.withdraw([purpose.id for purpose in turn.world.business.purposes])


def record_withdrawn_one(turn: Turn) -> None:
    """Withdraw from the purpose that was tapped."""
    turn.session.purpose = turn.argument
    turn.withdraw([turn.argument])


def record_paused(turn: Turn) -> None:
    """Send nothing that needs consent until the person has said what they meant."""
    for purpose in turn.record.given:
        turn.record_fact(Kind.PAUSED, purpose)


def record_kept(turn: Turn) -> None:
    """End the pause."""
    for purpose, consent in turn.record.consents.items():
        if consent.paused:
            turn.record_fact(Kind.KEPT, purpose)


def set_language(turn: Turn) -> None:
    """Speak the language that was chosen."""
    turn.session.locale = turn.argument


# --- choices


def purposes(turn: Turn) -> Sequence[Option]:
    """Each purpose, to stop it or to be asked for it."""
    language = turn.world.language(turn.locale)
    options = []
    for purpose, (title, _) in language.purposes.items():
        on = turn.record.consent(purpose).status is Status.GIVEN
        action, state = ("withdraw", "my_choices.on") if on else ("ask", "my_choices.off")
        options.append((f"{action}:{purpose}", title, turn.label(state)))
    return options


def purposes_to_keep(turn: Turn) -> Sequence[Option]:
    """Each purpose that this STOP ended, to be asked for it anew."""
    language = turn.world.language(turn.locale)
    ended = [entry.purpose for entry in turn.entries if entry.kind is Kind.WITHDRAWN]
    return [(f"ask:{purpose}", language.purposes[purpose][0], "") for purpose in ended]


def languages(turn: Turn) -> Sequence[Option]:
    """Each language that is spoken here, by its own name."""
    return [(f"locale:{code}", autonym(code), "") for code in turn.world.texts.offered]


def autonym(code: str) -> str:
    """Return the name of a language in that language, e.g. `Français`."""
    name = babel_locale(code).get_display_name() or code
    return name[:1].upper() + name[1:]


GUARDS: Mapping[str, Guard] = {
    guard.__name__: guard for guard in (answers_the_pending_request, nothing_to_ask, more_to_ask, already_stopped)
}
EFFECTS: Mapping[str, Effect] = {
    effect.__name__: effect
    for effect in (
        next_purpose,
        same_purpose,
        record_requested,
        record_given,
        record_refused,
        record_lapsed,
        record_withdrawn,
        record_withdrawn_one,
        record_paused,
        record_kept,
        set_language,
    )
}
CHOICES: Mapping[str, Choices] = {choices.__name__: choices for choices in (purposes, purposes_to_keep, languages)}

"""What flow files may name besides guards: effects (`before`, `after`), which change the turn, and `choices_from`.

`bot.consent.lifecycle` checks what an effect records, so an effect named in the wrong place records nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from msgspec.structs import asdict

from ..consent.evidence import EVERY, Kind, Method
from ..consent.lifecycle import Status
from ..consent.rights import Right
from ..i18n.cldr import autonym
from ..i18n.texts import MAX_ROWS
from ..messages.inbound import QuestionStatus
from .compose import Option
from .session import Task
from .turn import Turn

Effect = Callable[[Turn], None]
Choices = Callable[[Turn], Sequence[Option]]


# --- effects


def next_purpose(turn: Turn) -> None:
    """Turn to the next purpose of the round and open a question about it; a pending question is closed."""
    turn.about, *rest = turn.to_ask()
    turn.session.asking = tuple(rest)
    if turn.record.pending is not None and turn.record.pending.purpose != turn.about:
        turn.close_question(Method.CHAT, rule="superseded")
    same_purpose(turn)


def same_purpose(turn: Turn) -> None:
    """Open another question about the same purpose."""
    turn.asked = turn.question_id(turn.about)


def record_requested(turn: Turn) -> None:
    """Record the question just said, with its exact wording."""
    shown = turn.wording()
    turn.record_fact(
        Kind.REQUESTED,
        turn.about,
        question=turn.asked,
        locale=shown.locale,
        wording=shown.sha256,
        shown=shown,
        expires_at=_after(turn, turn.world.business.question_expires_after),
        answer="",
        rule="",
    )


def record_given(turn: Turn) -> None:
    """Record the YES."""
    pending, purpose = turn.record.pending, turn.world.business.purpose(turn.about)
    if pending is not None and purpose is not None:
        expires_at = _after(turn, purpose.valid_for)
        details = turn.of_the(pending) | asdict(turn.reached(pending))
        turn.record_fact(Kind.GIVEN, **details, expires_at=expires_at, legal_basis=purpose.legal_basis)


def _after(turn: Turn, time: timedelta) -> int:
    return turn.inbound.at + int(time.total_seconds())


def record_refused(turn: Turn) -> None:
    """Record the NO."""
    if (pending := turn.record.pending) is not None:
        turn.record_fact(Kind.REFUSED, **turn.of_the(pending), **asdict(turn.reached(pending)))


def record_lapsed(turn: Turn) -> None:
    """Record that the question was not answered in time, or reached nobody."""
    match turn.inbound.content:
        case QuestionStatus(code=code):
            turn.close_question(Method.UNDELIVERED, rule=code)
        case _:
            turn.close_question(Method.TIMER)


def record_withdrawn(turn: Turn) -> None:
    """Withdraw from everything, including purposes that `business.toml` no longer names."""
    turn.withdraw(turn.purposes)


def record_withdrawn_one(turn: Turn) -> None:
    """Withdraw from the purpose that was tapped or the purposes that were named."""
    turn.about = turn.argument
    turn.withdraw(turn.argument.split())


def record_paused(turn: Turn) -> None:
    """Send nothing that needs consent until the person has said what they meant."""
    turn.doubt = turn.question_id(EVERY)
    for purpose in turn.record.given:
        turn.record_fact(Kind.PAUSED, purpose, question=turn.doubt)


def record_kept(turn: Turn) -> None:
    """End the pause."""
    for purpose, consent in turn.record.consents.items():
        if consent.paused:
            turn.record_fact(Kind.KEPT, purpose)


def record_restricted(turn: Turn) -> None:
    """Restrict the use of data for every purpose, and note it as a request."""
    for purpose in turn.purposes:
        consent = turn.record.consent(purpose)
        if not consent.restricted or turn.inbound.at > consent.restricted_at:
            turn.record_fact(Kind.RESTRICTED, purpose)
    turn.tasks.append(Task(Right.RESTRICTION))


def record_lifted(turn: Turn) -> None:
    """End the restriction, unless it is newer than this message."""
    for purpose, consent in turn.record.consents.items():
        if consent.restricted and turn.inbound.at > consent.restricted_at:
            turn.record_fact(Kind.LIFTED, purpose)


def record_objected(turn: Turn) -> None:
    """Record an objection to every purpose, and note it as a request."""
    for purpose in turn.purposes:
        turn.record_fact(Kind.OBJECTED, purpose)
    turn.session.asking = None
    turn.tasks.append(Task(Right.OBJECTION))


def choose_code(turn: Turn) -> None:
    """Choose the code that the person must type to have their data erased."""
    turn.session.code = turn.code()


def ask_correction(turn: Turn) -> None:
    """Note what the person wants corrected."""
    turn.tasks.append(Task(Right.RECTIFICATION, turn.answer))


def ask_erasure(turn: Turn) -> None:
    """Have the person erased; their consents end now, so nothing is sent in the meantime."""
    turn.session.code = ""
    turn.withdraw(turn.record.given)
    turn.close_question(Method.CHAT, rule="superseded")
    turn.tasks.append(Task(Right.ERASURE))


def set_language(turn: Turn) -> None:
    """Speak the language that was chosen."""
    turn.session.locale, turn.session.guessed = turn.argument, False


def _asks(right: Right) -> Effect:
    """Return the effect that has a promised right done, named after it."""

    def ask(turn: Turn) -> None:
        turn.tasks.append(Task(right))

    ask.__name__ = f"ask_{right}"
    ask.__doc__ = f"Have what the right of {right} gives put together and sent (GDPR Art. {right.article})."
    return ask


# --- choices


def purposes(turn: Turn) -> Sequence[Option]:
    """Each purpose, to stop it or to be asked about it."""
    options = []
    for purpose in turn.world.business.purposes:
        on = turn.record.consent(purpose.id).status is Status.GIVEN
        action, state = ("withdraw", "my_choices.on") if on else ("ask", "my_choices.off")
        options.append(Option(f"{action}:{purpose.id}", f"purpose.{purpose.id}.title", description_id=state))
    return options


def purposes_to_keep(turn: Turn) -> Sequence[Option]:
    """Each purpose whose consent this STOP ended, to be asked about it again."""
    return [
        Option(f"ask:{purpose.id}", f"purpose.{purpose.id}.title")
        for purpose in turn.world.business.purposes
        if purpose.id in turn.given_before
    ]


def languages(turn: Turn) -> Sequence[Option]:
    """Offered languages by their own names, the likely ones first; as many as a list holds."""
    offered = sorted(turn.world.texts.offered, key=autonym)
    first = [code for code in (*turn.likely, turn.locale) if code in offered]
    codes = dict.fromkeys([*first, *offered])
    return [Option(f"locale:{code}", title=autonym(code)) for code in [*codes][:MAX_ROWS]]


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
        record_restricted,
        record_lifted,
        record_objected,
        choose_code,
        *(_asks(right) for right in Right if right.is_promised),
        ask_correction,
        ask_erasure,
        set_language,
    )
}
CHOICES: Mapping[str, Choices] = {choices.__name__: choices for choices in (purposes, purposes_to_keep, languages)}

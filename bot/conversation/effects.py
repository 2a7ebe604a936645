"""What flow files may name besides guards: effects (`before`, `after`), which change the turn, and `choices_from`.

`bot.consent.lifecycle` checks what an effect records, so an effect named in the wrong place records nothing.

Their docstrings are the glossary in `docs/flows.md`, which a lawyer reads beside a flow file: they are in plain words,
and name the article that a rule comes from.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from msgspec.structs import asdict

from ..consent.evidence import EVERY, Kind, Method
from ..consent.rights import Right
from ..i18n.cldr import autonym, in_reading_order
from ..i18n.locale import also_spoken, guess
from ..i18n.texts import MAX_BUTTONS, MAX_ROWS
from ..messages.inbound import QuestionStatus
from ..words.intents import Intent
from . import staff_chat
from .compose import Option
from .session import Task
from .turn import Turn

Effect = Callable[[Turn], None]
Choices = Callable[[Turn], Sequence[Option]]


# --- effects


def next_purpose(turn: Turn) -> None:
    """Turn to the next purpose that is to be asked about, and prepare a question about it.

    If a question about another purpose still waits, it ends unanswered, which is written to the ledger: only one
    question waits at a time (GDPR Art. 7(2)).
    """
    turn.about, *rest = turn.to_ask()
    turn.session.asking = tuple(rest)
    if turn.record.pending is not None and turn.record.pending.purpose != turn.about:
        turn.close_question(Method.CHAT, rule="superseded")
    same_purpose(turn)


def same_purpose(turn: Turn) -> None:
    """Prepare another question about the same purpose, because its wording will differ: the language changed."""
    turn.asked = turn.question_id(turn.about)


def record_requested(turn: Turn) -> None:
    """Record the question that was just asked, so that the consent can be proven (GDPR Art. 7(1)).

    With it are recorded its exact wording, its language, the version of the privacy notice, and until when it may be
    answered; and, if the person opted in elsewhere, where and how the company knows.
    """
    shown = turn.wording()
    turn.record_fact(
        Kind.REQUESTED,
        turn.about,
        question=turn.asked,
        locale=shown.locale,
        wording=shown.sha256,
        shown=shown,
        expires_at=_after(turn, turn.world.business.question_expires_after),
        answer=turn.opted_in_by,
        rule="",
    )


def record_given(turn: Turn) -> None:
    """Record the YES as the consent to one purpose (GDPR Art. 4(11), 6(1)(a), 7(1)).

    With it are recorded the question and the privacy notice that it answers, the answer itself, how the question is
    known to have reached the person, and until when the consent is valid.
    """
    pending, purpose = turn.record.pending, turn.world.business.purpose(turn.about)
    if pending is not None and purpose is not None:
        expires_at = _after(turn, purpose.valid_for)
        details = turn.of_the(pending) | asdict(turn.reached(pending))
        turn.record_fact(Kind.GIVEN, **details, expires_at=expires_at)


def _after(turn: Turn, time: timedelta) -> int:
    return turn.inbound.at + int(time.total_seconds())


def record_refused(turn: Turn) -> None:
    """Record the NO: nothing that needs this consent is sent, and a consent that was to be renewed ends."""
    if (pending := turn.record.pending) is not None:
        turn.record_fact(Kind.REFUSED, **turn.of_the(pending), **asdict(turn.reached(pending)))


def record_lapsed(turn: Turn) -> None:
    """Record that the question ended without an answer: its time is over, or WhatsApp could not deliver it.

    Silence is no consent (GDPR rec. 32).
    """
    match turn.inbound.content:
        case QuestionStatus(code=code):
            turn.close_question(Method.UNDELIVERED, rule=code)
        case _:
            turn.close_question(Method.TIMER)


def record_withdrawn(turn: Turn) -> None:
    """Withdraw every consent, and end the question that waits (GDPR Art. 7(3)).

    This includes purposes that the business no longer has. What was asked for after the message was written stands.
    """
    turn.withdraw(turn.purposes)


def record_withdrawn_one(turn: Turn) -> None:
    """Withdraw only some consents (GDPR Art. 7(3)).

    They are those for the purpose that was tapped, for the purposes that the message names, or for the purpose whose
    YES was taken back.
    """
    turn.about = turn.argument
    turn.withdraw(turn.argument.split())


def record_paused(turn: Turn) -> None:
    """Pause whatever may be written about, because the person may have meant to withdraw (GDPR Art. 7(3)).

    Nothing that needs consent is sent until they have said what they meant.
    """
    turn.doubt = turn.question_id(EVERY)
    for purpose in turn.record.standing:
        turn.record_fact(Kind.PAUSED, purpose, question=turn.doubt)


def record_kept(turn: Turn) -> None:
    """End the pause: the person did not mean to withdraw, and their consents hold again as before."""
    for purpose, consent in turn.record.consents.items():
        if consent.paused:
            turn.record_fact(Kind.KEPT, purpose)


def record_restricted(turn: Turn) -> None:
    """Restrict the use of the person's data for every purpose (GDPR Art. 18).

    The data is kept but not used until they lift this. Noted as a request, to be answered within a month (Art. 12(3)).
    """
    for purpose in turn.purposes:
        consent = turn.record.consent(purpose)
        if not consent.restricted or turn.inbound.at > consent.restricted_at:
            turn.record_fact(Kind.RESTRICTED, purpose)
    turn.tasks.append(Task(Right.RESTRICTION))


def record_lifted(turn: Turn) -> None:
    """End the restriction (GDPR Art. 18), as the person wishes, unless it is newer than this message."""
    for purpose, consent in turn.record.consents.items():
        if consent.restricted and turn.inbound.at > consent.restricted_at:
            turn.record_fact(Kind.LIFTED, purpose)


def record_objected(turn: Turn) -> None:
    """Record an objection to the use of data for every purpose, which holds at once (GDPR Art. 21(2)-(3)).

    It ends every consent, as a withdrawal does. Noted as a request, to be answered within a month (Art. 12(3)).
    """
    for purpose in turn.purposes:
        turn.record_fact(Kind.OBJECTED, purpose)
    turn.session.asking = None
    turn.tasks.append(Task(Right.OBJECTION))


def choose_code(turn: Turn) -> None:
    """Choose the code that the person must type to have their data erased, so that nobody is erased by mistake."""
    turn.session.code, turn.session.attempts = turn.code(), 0


def count_attempt(turn: Turn) -> None:
    """Count a wrong code."""
    turn.session.attempts += 1


def ask_correction(turn: Turn) -> None:
    """Pass on to the company's people what the person wants corrected (GDPR Art. 16).

    Noted as a request, to be answered within a month (Art. 12(3)).
    """
    turn.tasks.append(Task(Right.RECTIFICATION, turn.answer))


def ask_erasure(turn: Turn) -> None:
    """Have the person's data erased (GDPR Art. 17).

    Every consent and the question that waits end now, which is written to the ledger, so nothing is sent in the
    meantime. Noted as a request, to be answered within a month (Art. 12(3)).
    """
    turn.session.code = ""
    turn.withdraw(turn.record.standing)
    turn.close_question(Method.CHAT, rule="superseded")
    turn.tasks.append(Task(Right.ERASURE))


def pass_on_to_staff(turn: Turn) -> None:
    """Pass the message on to the company's staff, who answer in the chat; what no dialogue claims follows it."""
    staff_chat.pass_on(turn, "asked")


def set_language(turn: Turn) -> None:
    """From now on, speak the language that was chosen."""
    turn.session.locale, turn.session.guessed = turn.argument, False


def _asks(right: Right) -> Effect:
    """Return the effect that has a promised right done, named after it."""

    def ask(turn: Turn) -> None:
        turn.tasks.append(Task(right))

    ask.__name__ = f"ask_{right}"
    noted = " Noted as a request, to be answered within a month (Art. 12(3))." if right.is_request else ""
    ask.__doc__ = f"Have what the person asked for prepared and sent: {right} (GDPR Art. {right.article}).{noted}"
    return ask


# --- choices


def purposes(turn: Turn) -> Sequence[Option]:
    """Each purpose: a tap withdraws the consent, or asks for it where there is none."""
    options = []
    for purpose in turn.world.business.consentable:
        on = purpose.id in turn.record.standing
        action, state = ("withdraw", "my_choices.on") if on else ("ask", "my_choices.off")
        options.append(Option(f"{action}:{purpose.id}", f"purpose.{purpose.id}.title", description_id=state))
    return options


def purposes_to_keep(turn: Turn) -> Sequence[Option]:
    """Each purpose whose consent this STOP ended: a tap asks for it again."""
    return [
        Option(f"ask:{purpose.id}", f"purpose.{purpose.id}.title")
        for purpose in turn.world.business.purposes
        if purpose.id in turn.given_before
    ]


def languages(turn: Turn) -> Sequence[Option]:
    """The languages, by their own names: those of the person's country first, then all others.

    Who did not ask for the list is asked for the language of their country only, where it has two or three. A list
    has room for ten rows: its last leads to the next page.
    """
    sender, offered = turn.inbound.sender, turn.world.texts.offered
    if 1 < len(turn.likely) <= MAX_BUTTONS and not _asked_for_list(turn):
        return [_language(code) for code in turn.likely]
    country = (
        *guess(sender.phone, sender.bsuid, offered),
        *also_spoken(sender.phone, sender.bsuid, offered),
    )
    codes = [*dict.fromkeys((*country, *in_reading_order(offered, turn.locale)))]
    shown = int(turn.argument) if turn.argument.isdecimal() else 0
    left = codes[shown:] or codes
    if len(left) <= MAX_ROWS:
        return [_language(code) for code in left]
    page = left[: MAX_ROWS - 1]
    return [*map(_language, page), Option(f"{Intent.LANGUAGE}:{len(codes) - len(left) + len(page)}", "language.more")]


def _language(code: str) -> Option:
    return Option(f"locale:{code}", title=autonym(code))


def _asked_for_list(turn: Turn) -> bool:
    """Whether the message says LANGUAGE, or is a tap on a button that does."""
    return turn.rule in ("button", "label") or turn.rule.partition(":")[0] == Intent.LANGUAGE


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
        count_attempt,
        *(_asks(right) for right in Right if right.is_promised),
        ask_correction,
        ask_erasure,
        pass_on_to_staff,
        set_language,
    )
}
CHOICES: Mapping[str, Choices] = {choices.__name__: choices for choices in (purposes, purposes_to_keep, languages)}

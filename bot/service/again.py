"""Stepping once more what was recorded before its worker died, to the same replies."""

from collections.abc import Collection, Sequence

from bot.consent.evidence import Entry, Kind
from bot.consent.lifecycle import fold
from bot.conversation.session import Session, rebuilt
from bot.service.cases import Case


def recorded_from(case: Case, tokens: Collection[bytes]) -> int | None:
    """Return the place in the ledger where the facts of a message begin, by any of its `tokens`; None without any."""
    return next((place for place, one in enumerate(case.past or ()) if one.inbound in tokens), None)


def as_it_was(case: Case, place: int) -> Session:
    """Return the session from which the message whose facts begin at `place` was stepped.

    If the session is lost, too, what the message led to tells which questions were still to be asked.
    """
    past = case.past or ()
    record = fold(one.fact for one in past[:place])
    if case.kept is not None and case.kept.record == record:
        return case.kept
    session = rebuilt(case.person, record, case.session.locale)
    if session.asking is not None:
        session.asking = tuple(asked_from(case, place))
    return session


def asked_from(case: Case, place: int) -> dict[str, str]:
    """Return the questions, by purpose, that the message led to whose facts begin at `place`."""
    past = case.past or ()
    its = (one.fact for one in past[place:] if one.inbound == past[place].inbound)
    return {fact.purpose: fact.question for fact in its if fact.kind is Kind.REQUESTED}


def as_it_is(case: Case, session: Session, added: Sequence[Entry]) -> Session:
    """Return the session after such a step: with the whole ledger, to which someone else may have added."""
    record = fold([*(one.fact for one in case.past or ()), *added])
    if session.record == record:
        return session
    return rebuilt(case.person, record, session.locale)

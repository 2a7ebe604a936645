"""Repeats the step of a message whose worker died after recording it, with the same replies."""

from collections.abc import Collection, Sequence

from ...consent.evidence import Entry, Fact, Kind
from ...consent.lifecycle import fold
from ...conversation.session import Session, rebuilt
from .cases import Case


def recorded_from(case: Case, tokens: Collection[bytes]) -> int | None:
    """Return the index in the ledger at which a message's facts begin, by any of its `tokens`; None if it has none."""
    return next((index for index, entry in enumerate(case.past or ()) if entry.inbound in tokens), None)


def as_it_was(case: Case, index: int) -> Session:
    """Return the session as it was before the message whose facts begin at index `index`.

    If the session is lost as well, the facts tell which questions were still to be asked.
    """
    past = case.past or ()
    record = fold(entry.fact for entry in past[:index])
    if case.kept is not None and case.kept.record == record:
        return case.kept
    session = rebuilt(case.person, record, case.session.locale)
    session.staff_at = case.session.staff_at
    if session.asking is not None:
        session.asking = tuple(fact.purpose for fact in facts_of(case, index) if fact.kind is Kind.REQUESTED)
    return session


def facts_of(case: Case, index: int) -> list[Fact]:
    """Return the facts of the message that begin at index `index`."""
    past = case.past or ()
    return [entry.fact for entry in past[index:] if entry.inbound == past[index].inbound]


def as_it_is(case: Case, session: Session, added: Sequence[Entry]) -> Session:
    """Return the session after a repeated step, with the whole ledger, to which others may have added."""
    record = fold([*(entry.fact for entry in case.past or ()), *added])
    if session.record == record:
        return session
    return rebuilt(case.person, record, session.locale, session)

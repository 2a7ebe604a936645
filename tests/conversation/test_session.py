import msgspec

from bot.consent.evidence import Kind
from bot.conversation.session import Session, rebuilt
from tests.consent.facts import admitted, entry


def test_changing_a_copy_leaves_the_original_session_unchanged() -> None:
    session = Session("p", flow="opt_in", asking=("offers",))
    copy = session.copy()
    copy.flow, copy.asking = "", None
    assert (session.flow, session.asking) == ("opt_in", ("offers",))


def test_a_session_survives_encoding_and_decoding() -> None:
    record = admitted(entry(Kind.REQUESTED, 100))
    session = Session("p", record, "pt-BR", True, "opt_in", "asked", ("offers",), 1, "opt_in.ask", 2, 3, 100, b"phone")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(session), type=Session) == session


def test_a_lost_session_is_rebuilt_in_the_language_of_the_pending_question() -> None:
    record = admitted(entry(Kind.REQUESTED, 100, locale="fr"))
    assert rebuilt("p", record).locale == "fr"
    assert rebuilt("p", record, "de").locale == "de"
    assert rebuilt("p", admitted(entry(Kind.WITHDRAWN, 100))).locale == ""


def test_a_round_of_questions_lost_with_the_session_ends_after_the_pending_one() -> None:
    assert rebuilt("p", admitted(entry(Kind.REQUESTED, 100))).asking == ()
    assert rebuilt("p", admitted()).asking is None

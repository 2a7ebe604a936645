"""Where a person is in a dialogue. May be lost and rebuilt from the ledger; consent never is."""

import msgspec

from bot.consent.lifecycle import Record


class Session(msgspec.Struct, array_like=True, omit_defaults=True):
    """One person's place. `state` is what the flow's Machine moves; mutable for the length of one step only."""

    person: str
    """UUIDv7 of the person."""
    record: Record = Record()
    """The fold of the person's ledger entries."""
    locale: str = ""
    """The language spoken; empty until it is known."""
    flow: str = ""
    """The dialogue going on; empty when none is."""
    state: str = ""
    purpose: str = ""
    """The purpose that the dialogue is about."""
    asking: tuple[str, ...] | None = None
    """The purposes still to be asked in this round of questions; None outside of one."""
    unclear: int = 0
    """How many messages in a row fitted nothing."""
    last_text: str = ""
    """The id of the last text said."""
    repeats: int = 0
    """How often in a row it was said."""
    last_at: int = 0
    """WhatsApp's time of the person's last message, unix seconds."""
    phone: bytes = b""
    """The first bytes of the phone's token, so that another phone on the same BSUID is noticed."""

    def copy(self) -> "Session":
        """Return a session that a step may change."""
        return msgspec.structs.replace(self)


def rebuilt(person: str, record: Record, locale: str = "") -> Session:
    """Return a person's session as the ledger alone tells it: Redis lost it, or it never was."""
    session = Session(person=person, record=record, locale=locale)
    if record.pending is not None:
        session.flow, session.state = "opt_in", "asked"
        session.purpose, session.asking = record.pending.purpose, ()
        session.locale = locale or record.pending.locale
    elif record.paused:
        session.flow, session.state = "maybe_stop", "asked"
    return session

"""The schema. Evidence (`ledger`, `wordings`, `notices`) is kept separate from persons and their addresses."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

persons = Table(
    "persons",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7"),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("locale", Text, nullable=False, server_default=""),
    Column("key", LargeBinary, nullable=False, comment="personal key, wrapped; deleting it shreds the answers"),
    Column("addresses", LargeBinary, nullable=False, comment="all current ones, encrypted"),
    Column("ledger_seq", Integer, nullable=False, server_default="0", comment="number of ledger entries"),
    Column("last_contact", BigInteger, nullable=False, server_default="0", comment="from the person; unix seconds"),
    Column(
        "merged_into",
        Uuid,
        ForeignKey("persons.id", ondelete="CASCADE"),
        index=True,
        comment="the record of the same person that goes on; it was merged into none itself",
    ),
)

addresses = Table(
    "addresses",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="keyed HMAC-SHA-256 of the address, 16 bytes"),
    Column("key_id", LargeBinary, nullable=False, comment="which SECRET_KEY made the token"),
    Column("person", Uuid, ForeignKey("persons.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("predecessor", Uuid, ForeignKey("persons.id", ondelete="SET NULL"), index=True, comment="who had it before"),
)

moves = Table(
    "moves",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="keyed HMAC-SHA-256 of the address before, 16 bytes"),
    Column("target", LargeBinary, primary_key=True, index=True, comment="that of the address that it became"),
    Column("key_id", LargeBinary, nullable=False, comment="which SECRET_KEY made the tokens"),
    Column("at", BigInteger, nullable=False, comment="WhatsApp's time, unix seconds"),
    Column("until", BigInteger, nullable=False, comment="when it is forgotten, unix seconds"),
    Column("addresses", LargeBinary, nullable=False, comment="those before and after, encrypted"),
)

wordings = Table(
    "wordings",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("text", Text, nullable=False, comment="exactly as shown"),
    Column("text_id", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("first_shown", TIMESTAMP(timezone=True), nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("version", Text, primary_key=True),
    Column("locale", Text, primary_key=True, comment="empty: of the default language, for those without their own"),
    Column("url", Text, primary_key=True),
    Column("change", Text, nullable=False),
    Column("published", Date, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("sequence", BigInteger, Identity(always=True), primary_key=True),
    Column("at", BigInteger, nullable=False, comment="WhatsApp's time, unix seconds"),
    Column("recorded_at", BigInteger, nullable=False, comment="our time, unix milliseconds"),
    Column("expires_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("person", Uuid, nullable=False),
    Column("person_seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("wording", LargeBinary, nullable=False, comment="SHA-256 of the text shown, see wordings"),
    Column("legal_basis", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="how the answer was matched"),
    Column("actor", Text, nullable=False),
    Column("inbound", LargeBinary, nullable=False, comment="keyed hash of the message's id"),
    Column("answer", LargeBinary, nullable=False, comment="as typed, sealed with the person's key"),
    Column("answer_hash", LargeBinary, nullable=False, comment="salted with the person's key"),
    Column("app_version", Text, nullable=False),
    Column("entry_hash", LargeBinary, nullable=False, comment="chained to the person's entry before"),
    Column(
        "accepted_at",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="of the question that it answers: when WhatsApp took it; unix seconds",
    ),
    Column(
        "delivered_at",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="of the question that it answers: when it was delivered; unix seconds",
    ),
    Column(
        "seen",
        Text,
        nullable=False,
        server_default="",
        comment="how the question is known to have reached the person",
    ),
    Column(
        "clock", Text, nullable=False, server_default="", comment="whose clock at is of; empty: older than this column"
    ),
    Column(
        "subject",
        LargeBinary,
        nullable=False,
        server_default="",
        comment="salted hashes of the person's addresses, 16 bytes each; empty: as before",
    ),
    UniqueConstraint("person", "person_seq"),
    UniqueConstraint("inbound", "purpose", "kind"),
)

leaves = Table(
    "leaves",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="in the Merkle tree, from 0"),
    Column("sequence", BigInteger, nullable=False, unique=True, comment="of the ledger"),
    Column("entry_hash", LargeBinary, nullable=False),
)

tiles = Table(
    "tiles",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="of 256 leaves each, from 0"),
    Column("root", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False, comment="leaves of the tree"),
    Column("root", LargeBinary, nullable=False),
    Column("edge", ARRAY(LargeBinary), nullable=False, comment="roots of the complete subtrees"),
    Column("at", BigInteger, nullable=False, comment="unix seconds"),
    Column("horizon", BigInteger, nullable=False, comment="every entry up to this sequence is in the tree"),
    Column("complete", Boolean, nullable=False, comment="whether nothing was left for the next one"),
    Column("note", Text, nullable=False, comment="signed, as it is handed out"),
    Column("public_key", LargeBinary, nullable=False, comment="Ed25519"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7"),
    Column("received_at", BigInteger, nullable=False, comment="WhatsApp's time, unix seconds"),
    Column("person", Uuid, nullable=False, index=True),
    Column("due", Date, nullable=False, comment="last day to answer, where the controller is"),
    Column("right_asked", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("inbound", LargeBinary, nullable=False, comment="keyed hash of the message's id"),
    Column(
        "details",
        LargeBinary,
        nullable=False,
        server_default="",
        comment="the person's own words, sealed with their key",
    ),
    UniqueConstraint("inbound", "right_asked"),
)

request_steps = Table(
    "request_steps",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("at", BigInteger, nullable=False, comment="our time, unix seconds"),
    Column("request", Uuid, ForeignKey("requests.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="keyed HMAC-SHA-256 of the address, 16 bytes"),
    Column("scope", Text, primary_key=True, comment="id of a purpose, or * for all"),
    Column("key_id", LargeBinary, nullable=False, comment="which SECRET_KEY made the token"),
    Column("since", BigInteger, nullable=False, comment="of the STOP, unix seconds"),
)

retained = Table(
    "retained",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="keyed HMAC-SHA-256 of the address, 16 bytes"),
    Column("person", Uuid, primary_key=True, index=True, comment="whose entries in the ledger it leads to"),
    Column("key_id", LargeBinary, nullable=False, comment="which SECRET_KEY made the token"),
    Column("until", Date, nullable=False, comment="last day of the proof's retention"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("person", Uuid, primary_key=True),
    Column("at", BigInteger, nullable=False, comment="unix seconds"),
    Column("reason", Text, nullable=False),
)

exports = Table(
    "exports",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7"),
    Column("made_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("expires_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("fetched_at", BigInteger, nullable=True, comment="unix seconds"),
    Column("person", Uuid, nullable=False, index=True),
    Column("token", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the link's secret"),
    Column("media_id", Text, nullable=True, comment="of the document at the channel"),
    Column("right_asked", Text, nullable=False, comment="what it answers; empty when that was not noted yet"),
    Column("data", LargeBinary, nullable=False, comment="sealed with the person's key"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", BigInteger, nullable=False, comment="when it was decided, unix seconds"),
    Column("person", Uuid, nullable=True, index=True, comment="empty: nobody is known by the address"),
    Column("purpose", Text, nullable=False, comment="empty for an answer"),
    Column("reason", Text, nullable=False, comment="why it is not sent; empty: it is"),
    Column("retry_at", BigInteger, nullable=True, comment="when it may be asked about again, unix seconds"),
    Column("caller", Text, nullable=False, comment="which token wants it sent"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False, index=True),
    Column("began", BigInteger, nullable=False, comment="unix seconds"),
    Column("last", BigInteger, nullable=False, comment="when the person last wrote, unix seconds"),
    Column("ended", BigInteger, nullable=False, server_default="0", comment="unix seconds; 0: it goes on"),
    Column("ended_by", Text, nullable=False, server_default="", comment="staff, silence or settings"),
    Column("until", BigInteger, comment="when it is deleted, unix seconds"),
)
Index("conversations_open_key", conversations.c.person, unique=True, postgresql_where=conversations.c.ended == 0)

conversation_messages = Table(
    "conversation_messages",
    metadata,
    Column("conversation", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Text, primary_key=True, comment="keyed token of the message"),
    Column("number", BigInteger, Identity(always=True), nullable=False, comment="order of arrival"),
    Column("at", BigInteger, nullable=False, comment="the channel's time, unix seconds"),
    Column("kind", Text, nullable=False),
    Column("text", LargeBinary, nullable=False, comment="sealed with the person's key"),
)

calls = Table(
    "calls",
    metadata,
    Column("caller", Text, primary_key=True, comment="token that made the call"),
    Column("key", LargeBinary, primary_key=True, comment="keyed hash of the Idempotency-Key"),
    Column("id", Uuid, nullable=False, comment="of what the call makes"),
    Column("at", BigInteger, nullable=False, comment="unix seconds"),
    Column("digest", LargeBinary, nullable=False, comment="keyed hash of path and body"),
    Column("status", Integer, nullable=True, comment="of the answer; empty until it is known"),
    Column("answer", LargeBinary, nullable=True, comment="JSON; ids and reasons only"),
)

imports = Table(
    "imports",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="keyed hash of the file and of how it is imported"),
    Column("started_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("finished_at", BigInteger, nullable=False, server_default="0", comment="unix seconds; 0: not yet"),
    Column("position", BigInteger, nullable=False, server_default="0", comment="rows done"),
    Column("counts", Text, nullable=False, server_default="{}", comment="JSON: what came of them"),
    Column("format", Text, nullable=False),
    Column("source", Text, nullable=False, comment="as the operator named it"),
    Column("operator", Text, nullable=False, comment="user of the operating system"),
)

reads = Table(
    "reads",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("at", BigInteger, nullable=False, comment="unix seconds"),
    Column("person", Uuid, nullable=False, index=True),
    Column("command", Text, nullable=False, comment="by which it was looked at"),
    Column("operator", Text, nullable=False, comment="user of the operating system, or api: and a token's name"),
    Column("reason", Text, nullable=False, server_default="", comment="why, in the operator's words"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7"),
    Column("created_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("expires_at", BigInteger, nullable=True, comment="unix seconds"),
    Column("last_used_at", BigInteger, nullable=True, comment="to the minute; unix seconds"),
    Column("revoked_at", BigInteger, nullable=True, comment="unix seconds"),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the secret"),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("reason", Text, nullable=False, comment="why it looks at persons, where a call does not say"),
    Column("per_minute", Integer, nullable=True, comment="calls allowed; empty: as the settings say"),
)

sendings = Table(
    "sendings",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("at", BigInteger, nullable=False, comment="unix seconds"),
    Column("until", BigInteger, nullable=False, comment="when it is forgotten, unix seconds"),
    Column("person", Uuid, ForeignKey("persons.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column(
        "xid",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("pg_current_xact_id()::text::bigint"),
        comment="transaction that noted it: read up to the oldest one under way, so that none is passed over",
    ),
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False, server_default=text("gen_random_uuid()"), comment="unique; of webhooks as well"),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False, comment="when it happened, unix seconds"),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("person", Uuid, index=True),
    Column("subject", Text, nullable=False, server_default="", comment="our id of the message or request it is about"),
    Column("data", JSONB, nullable=False, comment="facts: no address, no name, no text"),
)
Index("events_subject_idx", events.c.subject, postgresql_where=events.c.subject != "")
Index(
    "events_message_key",
    events.c.subject,
    events.c.type,
    unique=True,
    postgresql_where=text("type LIKE 'message.%'"),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7"),
    Column("sealed", LargeBinary, nullable=False, comment="the URL and the secrets, encrypted"),
    Column("types", ARRAY(Text), nullable=False, comment="of events; empty: all"),
    Column("with_address", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False, comment="when it was added or replayed, unix milliseconds"),
    Column("xid", BigInteger, nullable=False, comment="with number: events up to here are dealt with"),
    Column("number", BigInteger, nullable=False),
    Column("worker", Text, nullable=False, server_default="", comment="that alone sends to it"),
    Column("held_until", BigInteger, nullable=False, server_default="0", comment="unix milliseconds"),
    Column("failures", Integer, nullable=False, server_default="0", comment="rounds in a row without a delivery"),
    Column("rests_until", BigInteger, nullable=False, server_default="0", comment="unix milliseconds"),
    Column("status", Text, nullable=False, server_default="", comment="what the last attempt led to"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("endpoint", Uuid, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True),
    Column("xid", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("person", Uuid),
    Column("since", BigInteger, nullable=False, comment="from when on its time is counted, unix milliseconds"),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False, comment="unix milliseconds"),
    Column("dead", Boolean, nullable=False, comment="whether it was given up"),
    ForeignKeyConstraint(["xid", "number"], ["events.xid", "events.number"], onupdate="CASCADE", ondelete="CASCADE"),
)
Index("deliveries_xid_number_idx", deliveries.c.xid, deliveries.c.number)
Index("deliveries_person_idx", deliveries.c.endpoint, deliveries.c.person, postgresql_where=~deliveries.c.dead)
Index("deliveries_next_at_idx", deliveries.c.endpoint, deliveries.c.next_at, postgresql_where=~deliveries.c.dead)

templates = Table(
    "templates",
    metadata,
    Column("name", Text, primary_key=True, comment="at the channel, with a hash of what is shown"),
    Column("language", Text, primary_key=True, comment="the channel's code"),
    Column("id", Text, nullable=False, comment="the channel's"),
    Column("status", Text, nullable=False, comment="the channel's word; empty: not known yet"),
    Column("reason", Text, nullable=False, comment="of the status"),
    Column("status_at", BigInteger, nullable=False, comment="when the channel said so; unix seconds"),
    Column("category", Text, nullable=False, comment="as the channel decided"),
    Column("category_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("quality", Text, nullable=False, comment="the channel's word"),
    Column("quality_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("altered", Boolean, nullable=False, comment="whether it no longer shows what its name says"),
    Column("altered_at", BigInteger, nullable=False, comment="unix seconds"),
    Column("checked_at", BigInteger, nullable=False, comment="when it was last read at the channel; unix seconds"),
)
"""Message templates; they hold nothing of persons."""

"""Persons, addresses, wordings, notices and the append-only ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables; rows of the ledger can only be added."""
    op.create_table(
        "persons",
        sa.Column("id", sa.Uuid, nullable=False, comment="UUIDv7"),
        sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("locale", sa.Text, nullable=False, server_default=""),
        sa.Column(
            "key", sa.LargeBinary, nullable=False, comment="personal key, wrapped; deleting it shreds the answers"
        ),
        sa.Column("addresses", sa.LargeBinary, nullable=False, comment="all current ones, encrypted"),
        sa.Column("ledger_seq", sa.Integer, nullable=False, server_default="0", comment="number of ledger entries"),
        sa.Column(
            "last_contact",
            sa.BigInteger,
            nullable=False,
            server_default="0",
            comment="from the person; unix seconds",
        ),
        sa.PrimaryKeyConstraint("id", name="persons_pkey"),
    )
    op.create_table(
        "addresses",
        sa.Column("token", sa.LargeBinary, nullable=False, comment="keyed HMAC-SHA-256 of the address, 16 bytes"),
        sa.Column("key_id", sa.LargeBinary, nullable=False, comment="which SECRET_KEY made the token"),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("token", name="addresses_pkey"),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name="addresses_person_fkey", ondelete="CASCADE"),
    )
    op.create_index("addresses_person_idx", "addresses", ["person"])
    op.create_table(
        "wordings",
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.Text, nullable=False, comment="exactly as shown"),
        sa.Column("text_id", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("first_shown", TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="wordings_pkey"),
    )
    op.create_table(
        "notices",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column(
            "locale",
            sa.Text,
            nullable=False,
            comment="empty: of the default language, for those without their own",
        ),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("published", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("version", "locale", name="notices_pkey"),
    )
    op.create_table(
        "ledger",
        sa.Column("sequence", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="WhatsApp's time, unix seconds"),
        sa.Column("recorded_at", sa.BigInteger, nullable=False, comment="our time, unix milliseconds"),
        sa.Column("expires_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("person_seq", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("wording", sa.LargeBinary, nullable=False, comment="SHA-256 of the text shown, see wordings"),
        sa.Column("legal_basis", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False, comment="how the answer was matched"),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("inbound", sa.LargeBinary, nullable=False, comment="keyed hash of the message's id"),
        sa.Column("answer", sa.LargeBinary, nullable=False, comment="as typed, sealed with the person's key"),
        sa.Column("answer_hash", sa.LargeBinary, nullable=False, comment="salted with the person's key"),
        sa.Column("app_version", sa.Text, nullable=False),
        sa.Column("entry_hash", sa.LargeBinary, nullable=False, comment="chained to the person's entry before"),
        sa.PrimaryKeyConstraint("sequence", name="ledger_pkey"),
        sa.UniqueConstraint("person", "person_seq", name="ledger_person_person_seq_key"),
        sa.UniqueConstraint("inbound", "purpose", "kind", name="ledger_inbound_purpose_kind_key"),
    )
    op.execute(
        "CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )

"""What stays of an erased person, and documents made for people who asked for their data."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables; a step of a request may lose its reason, which is free text, and nothing else."""
    op.create_table(
        "suppressions",
        sa.Column("token", sa.LargeBinary, nullable=False, comment="keyed HMAC-SHA-256 of the address, 16 bytes"),
        sa.Column("scope", sa.Text, nullable=False, comment="id of a purpose, or * for all"),
        sa.Column("key_id", sa.LargeBinary, nullable=False, comment="which SECRET_KEY made the token"),
        sa.Column("since", sa.BigInteger, nullable=False, comment="of the STOP, unix seconds"),
        sa.PrimaryKeyConstraint("token", "scope", name="suppressions_pkey"),
    )
    op.create_table(
        "retained",
        sa.Column("token", sa.LargeBinary, nullable=False, comment="keyed HMAC-SHA-256 of the address, 16 bytes"),
        sa.Column("person", sa.Uuid, nullable=False, comment="whose entries in the ledger it leads to"),
        sa.Column("key_id", sa.LargeBinary, nullable=False, comment="which SECRET_KEY made the token"),
        sa.Column("until", sa.Date, nullable=False, comment="last day of the proof's retention"),
        sa.PrimaryKeyConstraint("token", "person", name="retained_pkey"),
    )
    op.create_index("retained_person_idx", "retained", ["person"])
    op.create_table(
        "erasures",
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("person", name="erasures_pkey"),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid, nullable=False, comment="UUIDv7"),
        sa.Column("made_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("expires_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("fetched_at", sa.BigInteger, nullable=True, comment="unix seconds"),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("token", sa.LargeBinary, nullable=False, comment="SHA-256 of the link's secret"),
        sa.Column("media_id", sa.Text, nullable=True, comment="of the document at the channel"),
        sa.Column("document", sa.LargeBinary, nullable=False, comment="sealed with the person's key"),
        sa.Column("data", sa.LargeBinary, nullable=False, comment="sealed with the person's key"),
        sa.PrimaryKeyConstraint("id", name="exports_pkey"),
        sa.UniqueConstraint("token", name="exports_token_key"),
    )
    op.create_index("exports_person_idx", "exports", ["person"])
    op.execute("DROP TRIGGER request_steps_append_only ON request_steps")
    op.execute(
        "CREATE TRIGGER request_steps_append_only BEFORE DELETE OR TRUNCATE ON request_steps "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER request_steps_keep_all_but_the_reason BEFORE UPDATE ON request_steps FOR EACH ROW "
        "WHEN (NEW.reason <> '' OR (NEW.number, NEW.at, NEW.request, NEW.state, NEW.actor) "
        "IS DISTINCT FROM (OLD.number, OLD.at, OLD.request, OLD.state, OLD.actor)) "
        "EXECUTE FUNCTION ledger_is_append_only()"
    )

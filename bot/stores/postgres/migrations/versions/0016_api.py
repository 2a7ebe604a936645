"""Keep the tokens of the REST API, and why somebody looked at a person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the table; the reasons of earlier looks are not known."""
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid, primary_key=True, comment="UUIDv7"),
        sa.Column("created_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("expires_at", sa.BigInteger, comment="unix seconds"),
        sa.Column("last_used_at", sa.BigInteger, comment="to the minute; unix seconds"),
        sa.Column("revoked_at", sa.BigInteger, comment="unix seconds"),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the secret"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="why it looks at persons, where a call does not say"),
        sa.Column("per_minute", sa.Integer, comment="calls allowed; empty: as the settings say"),
        sa.UniqueConstraint("digest", name="tokens_digest_key"),
    )
    op.add_column(
        "reads",
        sa.Column("reason", sa.Text, nullable=False, server_default="", comment="why, in the operator's words"),
    )
    op.alter_column("reads", "operator", comment="user of the operating system, or api: and a token's name")
    op.execute("DROP TRIGGER reads_append_only ON reads")
    op.execute(
        "CREATE TRIGGER reads_append_only BEFORE DELETE OR TRUNCATE ON reads "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )
    op.execute(  # an erasure empties the reasons, which are free text
        "CREATE TRIGGER reads_keep_all_but_the_reason BEFORE UPDATE ON reads FOR EACH ROW "
        "WHEN (NEW.reason <> '' OR (NEW.number, NEW.at, NEW.person, NEW.command, NEW.operator) "
        "IS DISTINCT FROM (OLD.number, OLD.at, OLD.person, OLD.command, OLD.operator)) "
        "EXECUTE FUNCTION ledger_is_append_only()"
    )

"""Remember what the company sends, and the calls of its programs, so that a repeated call does nothing twice."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the tables `messages` and `calls`."""
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="when it was decided, unix seconds"),
        sa.Column("person", sa.Uuid, nullable=True, comment="empty: nobody is known by the address"),
        sa.Column("purpose", sa.Text, nullable=False, comment="empty for an answer"),
        sa.Column("reason", sa.Text, nullable=False, comment="why it is not sent; empty: it is"),
        sa.Column("retry_at", sa.BigInteger, nullable=True, comment="when it may be asked about again, unix seconds"),
        sa.Column("caller", sa.Text, nullable=False, comment="which token wants it sent"),
        sa.PrimaryKeyConstraint("id", name="messages_pkey"),
    )
    op.create_index("messages_person_idx", "messages", ["person"])
    op.create_index(
        "events_message_key",
        "events",
        ["subject", "type"],
        unique=True,
        postgresql_where=sa.text("type LIKE 'message.%'"),
    )
    op.create_table(
        "calls",
        sa.Column("caller", sa.Text, nullable=False, comment="token that made the call"),
        sa.Column("key", sa.LargeBinary, nullable=False, comment="keyed hash of the Idempotency-Key"),
        sa.Column("id", sa.Uuid, nullable=False, comment="of what the call makes"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="keyed hash of path and body"),
        sa.Column("status", sa.Integer, nullable=True, comment="of the answer; empty until it is known"),
        sa.Column("answer", sa.LargeBinary, nullable=True, comment="JSON; ids and reasons only"),
        sa.PrimaryKeyConstraint("caller", "key", name="calls_pkey"),
    )

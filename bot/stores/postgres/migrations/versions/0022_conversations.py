"""Keep what persons write to the company's staff, for as long as the conversation needs."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the tables `conversations` and `conversation_messages`."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("began", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("last", sa.BigInteger, nullable=False, comment="when the person last wrote, unix seconds"),
        sa.Column("ended", sa.BigInteger, nullable=False, server_default="0", comment="unix seconds; 0: it goes on"),
        sa.Column("ended_by", sa.Text, nullable=False, server_default="", comment="staff, silence or settings"),
        sa.Column("until", sa.BigInteger, nullable=True, comment="when it is deleted, unix seconds"),
        sa.PrimaryKeyConstraint("id", name="conversations_pkey"),
    )
    op.create_index("conversations_person_idx", "conversations", ["person"])
    op.create_index(
        "conversations_open_key",
        "conversations",
        ["person"],
        unique=True,
        postgresql_where=sa.text("ended = 0"),
    )
    op.create_table(
        "conversation_messages",
        sa.Column("conversation", sa.Uuid, nullable=False),
        sa.Column("id", sa.Text, nullable=False, comment="keyed token of the message"),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False, comment="order of arrival"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="the channel's time, unix seconds"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False, comment="sealed with the person's key"),
        sa.PrimaryKeyConstraint("conversation", "id", name="conversation_messages_pkey"),
        sa.ForeignKeyConstraint(
            ["conversation"],
            ["conversations.id"],
            name="conversation_messages_conversation_fkey",
            ondelete="CASCADE",
        ),
    )

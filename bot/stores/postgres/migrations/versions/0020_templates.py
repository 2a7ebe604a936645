"""Remember what the channel says about each message template."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Create the table; it holds nothing of persons."""
    op.create_table(
        "templates",
        sa.Column("name", sa.Text, nullable=False, comment="at the channel, with a hash of what is shown"),
        sa.Column("language", sa.Text, nullable=False, comment="the channel's code"),
        sa.Column("id", sa.Text, nullable=False, comment="the channel's"),
        sa.Column("status", sa.Text, nullable=False, comment="the channel's word; empty: not known yet"),
        sa.Column("reason", sa.Text, nullable=False, comment="of the status"),
        sa.Column("status_at", sa.BigInteger, nullable=False, comment="when the channel said so; unix seconds"),
        sa.Column("category", sa.Text, nullable=False, comment="as the channel decided"),
        sa.Column("category_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("quality", sa.Text, nullable=False, comment="the channel's word"),
        sa.Column("quality_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("altered", sa.Boolean, nullable=False, comment="whether it no longer shows what its name says"),
        sa.Column("altered_at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column(
            "checked_at", sa.BigInteger, nullable=False, comment="when it was last read at the channel; unix seconds"
        ),
        sa.PrimaryKeyConstraint("name", "language", name="templates_pkey"),
    )

"""What a person wants corrected, in their own words."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, sealed with the person's key."""
    op.add_column(
        "requests",
        sa.Column(
            "details",
            sa.LargeBinary,
            nullable=False,
            server_default="",
            comment="the person's own words, sealed with their key",
        ),
    )

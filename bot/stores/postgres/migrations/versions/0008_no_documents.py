"""Keep no copy of the documents made for persons: they are sent again by their id at the channel."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drop the column: nobody reads it."""
    op.drop_column("exports", "document")

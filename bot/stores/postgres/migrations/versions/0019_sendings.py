"""Remember when messages were sent for purposes that limit how many a person gets."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create the table; what was sent before does not count."""
    op.create_table(
        "sendings",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="unix seconds"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="when it is forgotten, unix seconds"),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="sendings_pkey"),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], ondelete="CASCADE", name="sendings_person_fkey"),
    )
    op.create_index("sendings_person_idx", "sendings", ["person"])

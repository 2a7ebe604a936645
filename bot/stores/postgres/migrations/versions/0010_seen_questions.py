"""When WhatsApp took and delivered the question that a consent answers, and how it is known to have been seen."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns. They stay empty for older entries, whose hashes cover no empty column."""
    accepted = "of the question that it answers: when WhatsApp took it; unix seconds"
    delivered = "of the question that it answers: when it was delivered; unix seconds"
    seen = "how the question is known to have reached the person"
    op.add_column("ledger", _time("accepted_at", accepted))
    op.add_column("ledger", _time("delivered_at", delivered))
    op.add_column("ledger", sa.Column("seen", sa.Text, nullable=False, server_default="", comment=seen))


def _time(name: str, comment: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0", comment=comment)

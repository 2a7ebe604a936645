"""Remember which right each export answers, so that it is not sent again in answer to another right."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column; it stays empty for older exports, whose links still work."""
    column = sa.Column(
        "right_asked",
        sa.Text,
        nullable=False,
        server_default="",
        comment="what it answers; empty when that was not noted yet",
    )
    op.add_column("exports", column)
    op.alter_column("exports", "right_asked", server_default=None)

"""Keep every address that a version of the privacy notice had: what a person was shown names one of them."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Let an address that was changed stand beside the one before."""
    op.drop_constraint("notices_pkey", "notices")
    op.create_primary_key("notices_pkey", "notices", ["version", "locale", "url"])

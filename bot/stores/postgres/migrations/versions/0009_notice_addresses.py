"""Keep every address that a version of the privacy notice had: the text shown to a person names one of them."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Let a changed address stand beside the previous address."""
    op.drop_constraint("notices_pkey", "notices")
    op.create_primary_key("notices_pkey", "notices", ["version", "locale", "url"])

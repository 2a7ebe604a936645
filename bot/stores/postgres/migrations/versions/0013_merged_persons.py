"""Link records that turned out to be the same person's."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_WITHOUT_ADDRESS = """
UPDATE persons SET merged_into = owner.person
FROM (SELECT DISTINCT ON (predecessor) predecessor, person FROM addresses ORDER BY predecessor, person) AS owner
WHERE owner.predecessor = persons.id AND owner.person <> persons.id
    AND NOT EXISTS (SELECT FROM addresses WHERE addresses.person = persons.id)
"""


def upgrade() -> None:
    """Merge the records that lost their last address to another: until now, too, they counted as the same person."""
    comment = "the record of the same person that goes on; it was merged into none itself"
    op.add_column("persons", sa.Column("merged_into", sa.Uuid(), comment=comment))
    op.create_foreign_key("persons_merged_into_fkey", "persons", "persons", ["merged_into"], ["id"], ondelete="CASCADE")
    op.create_index("persons_merged_into_idx", "persons", ["merged_into"])
    op.execute(_WITHOUT_ADDRESS)

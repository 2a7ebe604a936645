"""Alembic's entry: runs the migrations on the connection that `bot.stores.postgres.migrate` hands over.

It is run by its path, so it imports nothing of ours: the package may have another name.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()

"""How alembic runs the migrations: on the connection that `stillwatch.service.revisions` gives, in its transaction.

This folder is no package: alembic reads its files. A new table or column goes into the tables of its part and, written
out, into the next file of ``versions/``; a test says when the two differ. A migration never imports tables of the
program, which go on changing.
"""

from alembic import context

from stillwatch.service.tables import SERVICE_TABLES

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SERVICE_TABLES,
    transactional_ddl=True,  # SQLite's too: transactions begin where `open_database` says, not where the driver guesses
)
with context.begin_transaction():
    context.run_migrations()

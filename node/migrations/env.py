"""Run migrations on the connection that `node.engine.migrate` hands over, inside its transaction."""

from alembic import context

from node.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=False,  # begin and commit belong to the caller
)
context.run_migrations()

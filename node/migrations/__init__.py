"""Alembic's migrations; `node.engine.migrate` runs them."""

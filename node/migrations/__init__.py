"""Alembic's migrations; `node.engine.migrate` runs them."""

#: the newest revision, so that a process can tell without loading Alembic that there is nothing to do
HEAD = "0004"

"""Alembic's entry: runs on the engine that `fleet_manager.store.engine.migrate` hands over."""

from __future__ import annotations

from alembic import context

from fleet_manager.store import safety_tables  # noqa: F401 - its tables belong to Base.metadata
from fleet_manager.store.tables import Base

engine = context.config.attributes["engine"]
with engine.connect().execution_options(writes=True) as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

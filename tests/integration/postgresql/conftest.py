"""The manager's tests on a real PostgreSQL server instead of SQLite."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from manager_bench import MakeBench, bench_maker
from postgresql_server import PostgresqlServer, running_server
from sqlalchemy import Engine

from fleet_manager.store.engine import migrate, open_engine
from fleet_manager.store.tables import Base

# The behaviours are those of the manager's unit tests; here they run once more, on another database.
sys.path.insert(0, str(Path(__file__).parents[2] / "unit/manager"))


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresqlServer]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(server: PostgresqlServer) -> str:
    """URL of a store whose tables its migrations made."""
    server.execute("CREATE DATABASE store")
    engine = open_engine(server.url("store"))
    migrate(engine)
    engine.dispose()
    return server.url("store")


@pytest.fixture
def database(migrated: str) -> str:
    """URL of an empty store; one for all tests, as making one takes longer than most of them."""
    engine = open_engine(migrated)
    names = ", ".join(t.name for t in Base.metadata.sorted_tables)
    with engine.connect().execution_options(writes=True) as connection:
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        connection.commit()
    engine.dispose()
    return migrated


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_engine(database)
    yield engine
    engine.dispose()


@pytest.fixture
def bench(engine: Engine) -> MakeBench:
    return bench_maker(engine)

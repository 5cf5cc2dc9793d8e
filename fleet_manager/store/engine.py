"""Opens the database and brings its schema up to date."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT = 10_000
"""ms to wait for another process's write lock."""


def open_engine(url: str) -> Engine:
    """An engine whose commits are on the disk when they return. A bare path means SQLite.

    Raises sqlalchemy.exc.ArgumentError for a URL that cannot be read.
    """
    if "://" not in url:
        url = f"sqlite:///{url}"
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling begins late and only for some statements; we begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A read that turns into a write later can meet SQLITE_BUSY at once, whatever the timeout: writers say so first.
    mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


class StoreInUseError(Exception):
    """Another manager works with this store."""


@contextmanager
def only_manager(engine: Engine) -> Iterator[None]:
    """Hold the store for this process alone: two managers would send two robots to one hole.

    For SQLite by a lock on a file beside it, which the system takes off a process that dies. Other databases are
    not locked here. Raises StoreInUseError.
    """
    name = engine.url.database
    if engine.url.get_backend_name() != "sqlite" or not name or name == ":memory:":
        yield
        return
    with Path(f"{name}.lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreInUseError(f"another fleet manager works with {name}; stop it first") from error
        yield


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision; a database from a newer version is an error of alembic."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
    if not inspect(engine).has_table("jobs"):
        raise RuntimeError("the store has no tables after its migrations: the installation is incomplete")

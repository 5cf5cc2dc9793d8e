"""Opens the database, SQLite by default or PostgreSQL by URL, and brings its schema up to date.

Both promise the same: a commit is on the disk when it returns, a reader sees one consistent snapshot, and of all
writers only one is at work at a time, so that the numbers of events grow in the order in which they can be read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT = 10_000
"""ms to wait for another process's write lock."""
CONNECT_TIMEOUT = 10
"""s to wait for a database server."""
WRITER_LOCK = 0x51_7E_F1_EE_7
"""Key of the PostgreSQL advisory lock that each writing transaction holds."""


class UnusableDatabaseError(Exception):
    """The database URL cannot be used; the text says why."""


def open_engine(url: str) -> Engine:
    """An engine that keeps the promises above; a bare path means SQLite. Raises UnusableDatabaseError."""
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError as error:
        raise UnusableDatabaseError(f"{url} is neither a path nor a database URL") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(parsed)
    if backend == "postgresql":
        return _open_postgresql(parsed)
    raise UnusableDatabaseError(f"databases of kind {backend} are not supported, only sqlite and postgresql")


def is_file(engine: Engine) -> bool:
    """Whether the store is a file of SQLite, rather than in memory or on a server."""
    return engine.url.get_backend_name() == "sqlite" and engine.url.database not in {None, "", ":memory:"}


def _open_sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
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


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write later can meet SQLITE_BUSY at once, whatever the timeout: writers say so first.
    mode = "IMMEDIATE" if writes(connection) else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def writes(connection: Connection) -> bool:
    """Whether the transaction that begins on this connection is going to write."""
    return bool(connection.get_execution_options().get("writes"))


def _open_postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        # Without its pings a connection that the server has closed would cost the next request an error.
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT})
    except (ImportError, NoSuchModuleError) as error:
        raise UnusableDatabaseError(
            f"the driver of {url.drivername} is not installed; pip install 'sitefleet[postgresql]' brings psycopg"
        ) from error
    event.listen(engine, "connect", _configure_postgresql)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _configure_postgresql(connection: Any, _record: Any) -> None:
    # A server may be set to answer commits before they are on the disk; stronger settings than `on` stay.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    if writes(connection):
        # Each statement behind the lock sees all that the writer before has committed.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def check_reachable(engine: Engine) -> None:
    """Raises UnusableDatabaseError when the database does not answer or is not one, and says why."""
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            inspect(connection).get_table_names()
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise UnusableDatabaseError(f"{where} cannot be used: {str(error.orig).strip()}") from error


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision. Raises UnusableDatabaseError for one of a newer version."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UnusableDatabaseError(
            f"the store was made by a newer version of the fleet manager ({error}); use that version, or another store"
        ) from error
    if not inspect(engine).has_table("jobs"):
        raise RuntimeError("the store has no tables after its migrations: the installation is incomplete")

"""One manager to a store: two of them would send two robots to one hole."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fleet_manager.store.engine import CONNECT_TIMEOUT, is_file, writes

MANAGER_LOCK = 0x51_7E_F1_EE_8
"""Key of the PostgreSQL advisory lock that a manager holds as long as it runs."""
_LOG = logging.getLogger(__name__)
# pg_locks shows a key of 64 bits as two halves.
_HELD = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database"
    " WHERE locktype = 'advisory' AND granted AND d.datname = current_database() AND pid = :pid"
    f" AND classid = {MANAGER_LOCK >> 32} AND objid = {MANAGER_LOCK & 0xFFFFFFFF} AND objsubid = 1"
)
_KEEPALIVE = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
"""s, s, number: a manager whose machine is gone loses its hold after half a minute, not after two hours."""


class StoreInUseError(Exception):
    """Another manager works with this store, or may have worked with it meanwhile."""


@contextmanager
def only_manager(engine: Engine) -> Iterator[None]:
    """Hold the store for this process alone. A process that dies loses its hold at once. Raises StoreInUseError."""
    if engine.url.get_backend_name() == "postgresql":
        with _hold_server(engine):
            yield
    elif is_file(engine):
        with _hold_file(Path(f"{engine.url.database}.lock")):
            yield
    else:
        yield


@contextmanager
def _hold_file(path: Path) -> Iterator[None]:
    with path.open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            store = path.with_suffix("")
            raise StoreInUseError(f"another fleet manager works with {store}; stop it first") from error
        yield


@contextmanager
def _hold_server(engine: Engine) -> Iterator[None]:
    hold = _ServerHold(engine)
    event.listen(engine, "begin", hold.check)
    try:
        yield
    finally:
        event.remove(engine, "begin", hold.check)
        hold.release()


class _ServerHold:
    """An advisory lock, held by a connection of its own that does nothing else.

    When the server restarts or cuts that connection, the hold is gone, and another manager may have been at work
    before we notice. So every writing transaction looks for the hold before it writes. If it is gone it is taken
    again, but the transaction fails all the same: whoever writes must first read anew what is in the store.
    """

    def __init__(self, engine: Engine) -> None:
        # The lock is the session's: a pool must neither reset nor share its connection.
        self._engine = create_engine(
            engine.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": CONNECT_TIMEOUT},
        )
        self._alone = threading.Lock()
        self._connection, self._pid = self._take()

    def _take(self) -> tuple[Connection, int]:
        """Raises StoreInUseError."""
        connection = self._engine.connect()
        try:
            for name, value in _KEEPALIVE.items():
                connection.exec_driver_sql(f"SET {name} = {value}")
            if not connection.scalar(text(f"SELECT pg_try_advisory_lock({MANAGER_LOCK})")):
                where = self._engine.url.render_as_string(hide_password=True)
                raise StoreInUseError(f"another fleet manager works with {where}; stop it first")
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
        except BaseException:
            connection.close()
            raise
        assert isinstance(pid, int)
        return connection, pid

    def check(self, connection: Connection) -> None:
        """Called as a transaction begins. Raises StoreInUseError when the hold was lost."""
        if not writes(connection):
            return
        with self._alone:
            if connection.scalar(_HELD, {"pid": self._pid}):
                return
            self.release()
            self._pid = 0  # the server may give our old number to the other manager
            self._connection, self._pid = self._take()
        _LOG.warning("the hold on the store was lost and is taken again")
        raise StoreInUseError("the hold on the store was lost; it is taken again, and the store is read anew")

    def release(self) -> None:
        """Let go."""
        with suppress(DBAPIError):
            self._connection.close()

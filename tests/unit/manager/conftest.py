"""The manager's tests work on a fresh SQLite store each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from manager_bench import MakeBench, bench_maker
from sqlalchemy import Engine, event

from fleet_manager.store.engine import migrate, open_engine


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables, made once."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    engine = open_engine(str(path))
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return path


def _fast(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # the disk of this machine is not under test


@pytest.fixture
def engine(tmp_path: Path, empty_store: Path) -> Iterator[Engine]:
    shutil.copy(empty_store, tmp_path / "store.db")
    engine = open_engine(str(tmp_path / "store.db"))
    event.listen(engine, "connect", _fast)
    yield engine
    engine.dispose()


@pytest.fixture
def bench(engine: Engine) -> MakeBench:
    return bench_maker(engine)

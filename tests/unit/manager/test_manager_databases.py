"""Which databases can be used, and how SQLite is set up; PostgreSQL has its own tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fleet_manager.store.engine import UnusableDatabaseError, check_reachable, migrate, open_engine


def test_commits_are_on_the_disk_and_references_are_kept(tmp_path: Path) -> None:
    engine = open_engine(str(tmp_path / "sub" / "store.db"))
    with engine.connect() as connection:
        values = {
            p: connection.exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize("url", ["mysql://localhost/x", "://", "postgresql+nothing://localhost/x", "oracle://x"])
def test_a_database_that_cannot_be_used_is_refused_in_words(url: str) -> None:
    with pytest.raises(UnusableDatabaseError):
        open_engine(url)


def test_a_missing_driver_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UnusableDatabaseError, match=r"pip install 'sitefleet\[postgresql\]'"):
        open_engine("postgresql://localhost/x")


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7 " * 200)
    engine = open_engine(str(tmp_path / "report.pdf"))
    with pytest.raises(UnusableDatabaseError, match=r"report\.pdf cannot be used"):
        check_reachable(engine)
    engine.dispose()


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    engine = open_engine("postgresql://me:secret@127.0.0.1:1/store")
    with pytest.raises(UnusableDatabaseError, match=r"127\.0\.0\.1") as refused:
        check_reachable(engine)
    assert "secret" not in str(refused.value)
    engine.dispose()


def test_a_store_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    engine = open_engine(str(tmp_path / "store.db"))
    migrate(engine)
    with engine.connect().execution_options(writes=True) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(UnusableDatabaseError, match="newer version"):
        migrate(engine)
    engine.dispose()

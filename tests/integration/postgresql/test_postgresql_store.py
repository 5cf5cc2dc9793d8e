"""What is PostgreSQL's own: who holds the store, what is on the disk, who sees what, and a server that restarts."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

import pytest
from manager_bench import MakeBench
from manager_fakes import FakeRobot, factsheet, work_item
from postgresql_server import PostgresqlServer
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from fleet_manager.domain.events import Event
from fleet_manager.domain.work import TaskState
from fleet_manager.store.engine import open_engine
from fleet_manager.store.exclusive import StoreInUseError, only_manager
from fleet_manager.store.queries import Queries
from fleet_manager.store.repository import Store, register_site

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)

CUT = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
"""Ends who holds a lock, and waits until it is gone (ms)."""


def a_store(engine: Engine) -> Store:
    site = register_site(engine, name="S", storey="l1", source_file="m", source_sha256="0", items=[], now=NOW)
    return Store(engine, site)


def an_event(message: str) -> Event:
    return Event(NOW, "test", 0, message)


def test_commits_wait_for_the_disk_even_where_the_server_does_not(server: PostgresqlServer, database: str) -> None:
    server.execute("ALTER ROLE sitefleet SET synchronous_commit = off")
    engine = open_engine(database)
    try:
        assert server.execute("SHOW synchronous_commit") == [("off",)]
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"
    finally:
        engine.dispose()
        server.execute("ALTER ROLE sitefleet RESET synchronous_commit")


def test_a_reader_sees_one_snapshot_while_others_write(engine: Engine) -> None:
    store = a_store(engine)
    with engine.connect() as reader:
        assert reader.scalar(text("SELECT count(*) FROM events")) == 0
        with store.transaction() as tx:
            tx.add_event(an_event("meanwhile"))
        assert reader.scalar(text("SELECT count(*) FROM events")) == 0
    assert [e.message for e in Queries(engine, store.site_id).events(0, 10)] == ["meanwhile"]


def test_numbers_of_events_grow_in_the_order_in_which_they_can_be_read(engine: Engine) -> None:
    """A reader that asks for what came after the last number it saw must never miss a slower writer's event."""
    store = a_store(engine)
    written = threading.Event()

    def second() -> None:
        with store.transaction() as tx:
            tx.add_event(an_event("second"))
        written.set()

    thread = threading.Thread(target=second)
    with store.transaction() as tx:
        tx.add_event(an_event("first"))
        thread.start()
        assert not written.wait(0.5), "the second writer did not wait for the first"
    assert written.wait(5.0)
    thread.join()
    assert [e.message for e in Queries(engine, store.site_id).events(0, 10)] == ["first", "second"]


def test_a_hold_that_was_lost_is_taken_again_but_first_the_store_is_read_anew(
    server: PostgresqlServer, engine: Engine
) -> None:
    store = a_store(engine)
    with only_manager(engine):
        server.execute(CUT)
        with pytest.raises(StoreInUseError, match="read anew"), store.transaction():
            raise AssertionError("a write without the hold")
        with store.transaction() as tx:
            tx.add_event(an_event("held again"))
    assert [e.message for e in Queries(engine, store.site_id).events(0, 10)] == ["held again"]


def test_a_manager_whose_hold_another_took_writes_no_more(server: PostgresqlServer, database: str) -> None:
    first, second = open_engine(database), open_engine(database)
    store = a_store(first)
    with only_manager(first):
        server.execute(CUT)
        with only_manager(second):
            for _ in range(2):
                with pytest.raises(StoreInUseError, match="another fleet manager"), store.transaction():
                    raise AssertionError("a write without the hold")
        with pytest.raises(StoreInUseError, match="read anew"), store.transaction():
            raise AssertionError("a write from a memory that may be old")
        with store.transaction():
            pass
    first.dispose()
    second.dispose()


def test_a_server_that_restarts_in_mid_job_costs_nothing(
    server: PostgresqlServer, engine: Engine, bench: MakeBench
) -> None:
    with only_manager(engine):
        manager = bench([work_item("a", ["s1", "s2", "s3"])], [FakeRobot(factsheet("d1"), node="h0")])
        manager.order()
        manager.until_state(TaskState.RUNNING)
        server.restart()
        failures = 0
        while manager.state() is not TaskState.SUCCEEDED:
            try:
                manager.step()
            except (OperationalError, StoreInUseError):
                failures += 1
            assert failures <= 5, "the manager does not find back to the store"
        assert failures >= 1, "the restart was not noticed"
    assert set(manager.fleet.built.values()) == {1}, manager.fleet.built
    assert len(manager.queries.as_built()) == 3

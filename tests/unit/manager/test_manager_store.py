"""The store: durable, migrated, exact."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from manager_fakes import as_built, work_item
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import IntegrityError

from fleet_manager.domain.fleet import TaskGoal
from fleet_manager.domain.geometry import Pose3
from fleet_manager.domain.jobs import Job
from fleet_manager.domain.work import AsBuiltRecord, Outcome, Task
from fleet_manager.store.engine import migrate, open_engine
from fleet_manager.store.exclusive import StoreInUseError, only_manager
from fleet_manager.store.queries import Queries
from fleet_manager.store.repository import Store, register_site
from fleet_manager.store.tables import Base

NOW = datetime(2030, 1, 1, 12, tzinfo=timezone(timedelta(hours=8)))


def store_with_a_job(engine: Engine) -> tuple[Store, Task]:
    item = work_item("a", ["s1", "s2"])
    site = register_site(engine, name="S", storey="l1", source_file="m", source_sha256="0", items=[item], now=NOW)
    store = Store(engine, site)
    task = Task("j-1", "j", item)
    with store.transaction() as tx:
        tx.add_job(Job("j", "job", 50, "me", NOW), [task])
    return store, task


def record_of(task: Task, index: int = 0, attempt: int = 1) -> AsBuiltRecord:
    item = task.item
    goal = TaskGoal("d1", task.id, attempt, "drill", item.id, item.ifc_guid, "", "l1", item.targets, {}, 0.01)
    return as_built(goal, index, "d1")


def test_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert difference == []


def test_migrating_twice_changes_nothing_and_keeps_the_data(engine: Engine) -> None:
    store, task = store_with_a_job(engine)
    migrate(engine)
    assert inspect(engine).has_table("alembic_version")
    (job,) = store.unfinished_jobs()
    assert job.tasks == (task,)


def test_times_come_back_as_the_same_moment(engine: Engine) -> None:
    store, _ = store_with_a_job(engine)
    created = store.unfinished_jobs()[0].job.created_at
    assert created == NOW
    assert created.tzinfo is not None


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    store, task = store_with_a_job(engine)
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.add_record(record_of(task), NOW)
        raise ZeroDivisionError
    assert Queries(engine, store.site_id).as_built() == []


def test_a_record_is_stored_once_and_a_target_is_done_once(engine: Engine) -> None:
    store, task = store_with_a_job(engine)
    record = record_of(task)
    with store.transaction() as tx:
        assert tx.add_record(record, NOW)
        assert not tx.add_record(record, NOW)
        assert not tx.add_record(record_of(task, attempt=2), NOW)
        assert tx.add_record(record_of(task, index=1), NOW)
    assert len(Queries(engine, store.site_id).as_built()) == 2


def test_each_attempt_may_defer_a_target_and_every_deferral_is_kept_once(engine: Engine) -> None:
    store, task = store_with_a_job(engine)
    deferred = [replace(record_of(task, attempt=n), outcome=Outcome.DEFERRED, passed=False) for n in (1, 2)]
    with store.transaction() as tx:
        assert [tx.add_record(r, NOW) for r in (*deferred, *deferred)] == [True, True, False, False]
        assert tx.add_record(record_of(task, attempt=3), NOW)
    assert [r.attempt for r in Queries(engine, store.site_id).as_built()] == [1, 2, 3]


def test_the_database_itself_refuses_a_second_done_record_of_a_target(engine: Engine) -> None:
    store, task = store_with_a_job(engine)
    with store.transaction() as tx:
        tx.add_record(record_of(task), NOW)
    columns = ", ".join(c.name for c in Base.metadata.tables["as_built"].columns if c.name != "id")
    copy = columns.replace("attempt", "attempt + 1")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO as_built ({columns}) SELECT {copy} FROM as_built")


def test_what_was_not_measured_comes_back_as_not_measured(engine: Engine) -> None:
    store, task = store_with_a_job(engine)
    record = replace(record_of(task), deviation=math.nan, measured=Pose3(math.nan, 0, 0))
    with store.transaction() as tx:
        tx.add_record(record, NOW)
    (back,) = Queries(engine, store.site_id).as_built()
    assert math.isnan(back.deviation)
    assert math.isnan(back.measured.x)
    assert replace(back, deviation=0.0, measured=record.measured) == replace(record, deviation=0.0)


def test_a_new_import_changes_the_catalogue_but_not_accepted_work(engine: Engine) -> None:
    store, task = store_with_a_job(engine)
    moved = work_item("a", ["s5"])
    again = register_site(engine, name="S", storey="l1", source_file="m", source_sha256="1", items=[moved], now=NOW)
    assert again == store.site_id
    assert store.unfinished_jobs()[0].tasks[0].item == task.item


def test_a_second_manager_on_the_same_store_is_refused(engine: Engine) -> None:
    second = open_engine(engine.url.render_as_string(hide_password=False))
    with only_manager(engine), pytest.raises(StoreInUseError, match="another fleet manager"), only_manager(second):
        raise AssertionError("two managers at once")
    with only_manager(second):
        pass
    second.dispose()

"""Real processes: a manager killed with SIGKILL in the middle of a job, again and again, loses and repeats nothing."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from managed_site import ManagedSite
from postgresql_server import running_server
from ros_domains import session_domain

from fleet_manager.store.engine import open_engine

DOMAIN = session_domain(41)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "store.db")
        return
    with running_server() as server:
        server.execute("CREATE DATABASE store")
        yield server.url("store")


@pytest.fixture
def site(tmp_path: Path, database: str) -> Iterator[ManagedSite]:
    site = ManagedSite(tmp_path, DOMAIN, database)
    yield site
    site.close()


@pytest.mark.slow
def test_a_manager_killed_at_random_moments_finishes_the_job_with_nothing_lost_and_nothing_done_twice(
    site: ManagedSite,
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    print(f"seed {seed}")
    site.start_robot("d1", "drill", 0)
    site.start_robot("i1", "inspect", 1)
    site.start_manager()
    site.wait_online(2)
    job = site.post("/jobs", name="everything")["id"]
    kills = 0
    for _ in range(4):
        time.sleep(chance.uniform(0.2, 2.0))
        if site.get(f"/jobs/{job}")["state"] == "succeeded":
            break
        site.kill_manager()
        kills += 1
        time.sleep(chance.uniform(0.0, 1.0))
        site.start_manager()
    site.until(lambda: site.get(f"/jobs/{job}")["state"] == "succeeded", 90.0)
    assert kills >= 2
    assert site.work_done("d1", "i1") == site.wanted()
    engine = open_engine(site.database)
    with engine.connect() as store:
        query = "SELECT t.work_item_id, a.target_index FROM as_built a JOIN tasks t ON t.id = a.task_id"
        assert Counter(tuple(row) for row in store.exec_driver_sql(query)) == site.wanted()
        assert store.exec_driver_sql("SELECT message FROM events WHERE severity >= 2").all() == []
    engine.dispose()

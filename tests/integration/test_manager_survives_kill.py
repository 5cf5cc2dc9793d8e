"""Real processes: a manager killed with SIGKILL in the middle of a job, again and again, loses and repeats nothing."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ros_domains import session_domain

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from managed_site import ManagedSite

DOMAIN = session_domain(41)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ManagedSite]:
    site = ManagedSite(tmp_path, DOMAIN)
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
    with closing(sqlite3.connect(site.folder / "store.db")) as store:
        query = "SELECT t.work_item_id, a.target_index FROM as_built a JOIN tasks t ON t.id = a.task_id"
        assert Counter(store.execute(query).fetchall()) == site.wanted()
        assert store.execute("SELECT count(*) FROM events WHERE severity >= 2").fetchone() == (0,)

"""Real processes: stop and resume over ROS, a robot that dies and comes back, and a clean end of the manager."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ros_domains import session_domain

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from managed_site import ManagedSite

from fleet_manager.main import EXIT_SETTINGS

DOMAIN = session_domain(42)
ME = {"requested_by": "test", "reason": "trying"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ManagedSite]:
    site = ManagedSite(tmp_path, DOMAIN)
    yield site
    site.close()


@pytest.mark.slow
def test_stop_reaches_every_robot_and_work_goes_on_after_reset_and_resume(site: ManagedSite) -> None:
    site.start_robot("d1", "drill", 0)
    site.start_robot("i1", "inspect", 1)
    site.start_manager()
    site.wait_online(2)
    job = site.post("/jobs", name="everything")["id"]
    site.until(lambda: sum(site.work_done("d1").values()) >= 1, 45.0)
    answer = site.post("/stop", **ME)
    assert answer["success"], answer
    assert {r["robot_id"]: r["safety_state"] for r in answer["results"]} == {"d1": "stopped", "i1": "stopped"}
    assert all(r["answered_after"] < 0.4 for r in answer["results"]), answer
    before = site.work_done("d1", "i1")
    time.sleep(1.0)
    assert site.work_done("d1", "i1") == before
    refused = site.api.post("/robots/d1/resume", json=ME)
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_IN_HOLD")

    site.robots["i1"].send_signal(signal.SIGKILL)
    site.robots.pop("i1").wait()
    site.until(lambda: not site.get("/robots/i1")["online"], 30.0)
    site.until(lambda: site.post("/stop", **ME)["offline"] == ["i1"], 45.0)
    site.start_robot("i1", "inspect", 1)
    site.wait_online(2)
    for pressed in (True, False):
        site.post("/robots/d1/reset", pressed=pressed, **ME)
    site.post("/robots/d1/resume", **ME)
    site.until(lambda: site.get(f"/jobs/{job}")["state"] == "succeeded", 90.0)
    assert site.work_done("d1", "i1") == site.wanted()


@pytest.mark.slow
def test_the_manager_leaves_cleanly_and_is_alone_on_its_store(site: ManagedSite) -> None:
    site.start_manager()
    first = site.manager
    assert first is not None
    second = site.start_manager_process(port=0)
    assert second.wait(60.0) == EXIT_SETTINGS
    assert "another fleet manager" in site.log("manager")
    first.send_signal(signal.SIGTERM)
    assert first.wait(20.0) == 0
    log = site.log("manager")
    assert "terminate called" not in log
    assert "Traceback" not in log
